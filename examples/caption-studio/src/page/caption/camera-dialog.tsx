import { useEffect, useRef, useState } from 'preact/hooks';
import { CameraVideo } from '../parts/camera-video';
import { Icon } from '../parts/icon';
import { attempt } from '../state/notice';

export interface CameraDialogProps {
  /** Stopped when the dialog closes. */
  readonly stream: MediaStream;
  readonly onPhoto: (photo: Blob) => unknown;
  readonly onClose: () => void;
  /** The camera stopped by itself; the dialog closes. */
  readonly onGone: () => void;
}

/** The live picture of a camera, and a button that takes it. */
export function CameraDialog({ stream, onPhoto, onClose, onGone }: CameraDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  // Before its first frame the video has no size.
  const [live, setLive] = useState(false);
  const shutter = useRef<HTMLButtonElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  const gone = () => {
    dialog.current!.close();
    onGone();
  };
  // What is disabled cannot have the focus.
  useEffect(() => void (live && shutter.current!.focus()), [live]);
  const take = async () => {
    const photo = await frameOf(video.current!);
    dialog.current!.close();
    await onPhoto(photo);
  };
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="camera-heading">
      <article>
        <h2 id="camera-heading">Take a picture</h2>
        <CameraVideo stream={stream} video={video} onLive={() => setLive(true)} onGone={gone} />
        <p class="hint">The model reads the square in the middle. The picture stays on this machine.</p>
        <footer>
          <button type="button" class="quiet" onClick={() => dialog.current!.close()}>
            Cancel
          </button>
          <button ref={shutter} type="button" disabled={!live} onClick={() => void attempt(take)}>
            <Icon name="camera" />
            Take it
          </button>
        </footer>
      </article>
    </dialog>
  );
}

async function frameOf(video: HTMLVideoElement): Promise<Blob> {
  const { videoWidth, videoHeight } = video;
  const canvas = new OffscreenCanvas(videoWidth, videoHeight);
  canvas.getContext('2d')!.drawImage(video, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
