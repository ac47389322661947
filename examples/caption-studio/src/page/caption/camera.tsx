import { useEffect, useRef, useState } from 'preact/hooks';
import type { StudioFailure } from '../../engine/engine';
import { FileButton } from '../parts/file-button';
import { Icon } from '../parts/icon';
import { report } from '../state/notice';

/** Takes a photograph: a phone opens its own camera, elsewhere a dialog shows the picture of the webcam. */
export function CameraButton({ onPhoto }: { onPhoto: (photo: Blob, name: string) => unknown }) {
  const [stream, setStream] = useState<MediaStream>();
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
    try {
      setStream(await navigator.mediaDevices.getUserMedia({ video: true }));
    } catch (error) {
      report({
        code: 'UNEXPECTED',
        title: 'The camera cannot be used',
        advice: 'Allow this page to use it in the browser’s settings, or choose a picture instead.',
        detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      } satisfies StudioFailure);
    }
  };
  return (
    <>
      <button type="button" class="quiet" onClick={() => void open()}>
        <Icon name="camera" />
        Camera
      </button>
      {stream && <CameraDialog stream={stream} onPhoto={onPhoto} onClose={() => setStream(undefined)} />}
    </>
  );
}

function CameraDialog(props: {
  stream: MediaStream;
  onPhoto: (photo: Blob, name: string) => unknown;
  onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    video.current!.srcObject = props.stream;
    dialog.current!.showModal();
    return () => {
      for (const track of props.stream.getTracks()) track.stop();
    };
  }, [props.stream]);
  const take = async () => {
    const { videoWidth, videoHeight } = video.current!;
    const canvas = new OffscreenCanvas(videoWidth, videoHeight);
    canvas.getContext('2d')!.drawImage(video.current!, 0, 0);
    const photo = await canvas.convertToBlob({ type: 'image/png' });
    dialog.current!.close();
    props.onPhoto(photo, 'photograph.png');
  };
  return (
    <dialog ref={dialog} onClose={props.onClose} aria-labelledby="camera-heading">
      <article>
        <h2 id="camera-heading">Take a picture</h2>
        <video ref={video} autoplay playsInline muted />
        <footer>
          <button type="button" class="quiet" onClick={() => dialog.current!.close()}>
            Cancel
          </button>
          <button type="button" onClick={() => void take()}>
            <Icon name="camera" />
            Take it
          </button>
        </footer>
      </article>
    </dialog>
  );
}
