import { FileButton } from '../parts/file-button';
import { Icon } from '../parts/icon';
import { hasCamera, useCamera } from '../parts/use-camera';
import { cameraGone } from '../state/camera';
import { attempt, report } from '../state/notice';
import { CameraDialog } from './camera-dialog';

/** Takes a photograph: a phone opens its own camera, elsewhere a dialog shows the picture of the webcam. */
export function CameraButton({ onPhoto }: { onPhoto: (photo: Blob, name: string) => unknown }) {
  const camera = useCamera();
  if (!hasCamera || matchMedia('(pointer: coarse)').matches) {
    return (
      <FileButton
        label="Camera"
        icon="camera"
        accept="image/*"
        capture
        secondary
        onFiles={([photo]) => onPhoto(photo!, photo!.name)}
      />
    );
  }
  return (
    <>
      <button type="button" class="quiet" disabled={camera.busy} onClick={() => void attempt(camera.open)}>
        <Icon name="camera" />
        Camera
      </button>
      {camera.stream && (
        <CameraDialog
          stream={camera.stream}
          onPhoto={photo => onPhoto(photo, 'photograph.png')}
          onClose={camera.close}
          onGone={() => report(cameraGone)}
        />
      )}
    </>
  );
}
