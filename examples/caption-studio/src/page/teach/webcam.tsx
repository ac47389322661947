import { Icon } from '../parts/icon';
import { hasCamera, useCamera } from '../parts/use-camera';
import { cameraGone } from '../state/camera';
import { attempt, report } from '../state/notice';
import { WebcamDialog } from './webcam-dialog';

/** Lessons by webcam: one word for many pictures. */
export function WebcamButton({ disabled }: { disabled: boolean }) {
  const camera = useCamera();
  const gone = () => {
    camera.close();
    report(cameraGone);
  };
  return (
    <>
      <button
        type="button"
        class="quiet"
        disabled={disabled || camera.busy || !hasCamera}
        title={hasCamera ? undefined : 'A browser gives a camera only to pages by https.'}
        onClick={() => void attempt(camera.open)}
      >
        <Icon name="camera" />
        Webcam
      </button>
      {camera.stream && <WebcamDialog stream={camera.stream} onClose={camera.close} onGone={gone} />}
    </>
  );
}
