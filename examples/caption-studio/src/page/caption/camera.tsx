import { useState } from 'preact/hooks';
import { FileButton } from '../parts/file-button';
import { Icon } from '../parts/icon';
import { cameraFailure, cameraGone } from '../state/camera';
import { attempt, report } from '../state/notice';
import { CameraDialog } from './camera-dialog';

/** Takes a photograph: a phone opens its own camera, elsewhere a dialog shows the picture of the webcam. */
export function CameraButton({ onPhoto }: { onPhoto: (photo: Blob, name: string) => unknown }) {
  const [stream, setStream] = useState<MediaStream>();
  const [asking, setAsking] = useState(false);
  if (!navigator.mediaDevices || matchMedia('(pointer: coarse)').matches) {
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
  const open = async () => {
    setAsking(true);
    try {
      setStream(await navigator.mediaDevices.getUserMedia({ video: true }));
    } catch (error) {
      throw cameraFailure(error);
    } finally {
      setAsking(false);
    }
  };
  return (
    <>
      {/* While the browser asks the visitor, a second press would open a second camera. */}
      <button
        type="button"
        class="quiet"
        disabled={asking || stream !== undefined}
        onClick={() => void attempt(open)}
      >
        <Icon name="camera" />
        Camera
      </button>
      {stream && (
        <CameraDialog
          stream={stream}
          onPhoto={photo => onPhoto(photo, 'photograph.png')}
          onClose={() => setStream(undefined)}
          onGone={() => report(cameraGone)}
        />
      )}
    </>
  );
}
