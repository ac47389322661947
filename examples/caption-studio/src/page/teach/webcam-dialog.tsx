import { useEffect, useRef, useState } from 'preact/hooks';
import { CameraVideo } from '../parts/camera-video';
import { counted } from '../parts/format';
import { Icon } from '../parts/icon';
import { addLesson, lessons } from '../state/lessons';
import { report } from '../state/notice';
import { useHold } from './use-hold';

/** Pixels of a side of a picture that is taken: more than any model of the page reads. */
const SIDE = 384;
/** Milliseconds between two pictures while the button is held. */
const EVERY = 250;

export interface WebcamDialogProps {
  /** Stopped when the dialog closes. */
  readonly stream: MediaStream;
  readonly onClose: () => void;
  /** The camera stopped by itself. */
  readonly onGone: () => void;
}

/** Words, the picture of the camera, and a button that takes one picture, or several while it is held. */
export function WebcamDialog({ stream, onClose, onGone }: WebcamDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [live, setLive] = useState(false);
  const [words, setWords] = useState('');
  useEffect(() => dialog.current!.showModal(), []);
  const caption = words.trim();
  const taken = lessons.value.filter(lesson => lesson.caption === caption);
  const hold = useHold(EVERY, async () => {
    try {
      await addLesson(await squareOf(video.current!), `${caption} ${taken.length + 1}.webp`, caption);
    } catch (error) {
      dialog.current!.close();
      report(error);
    }
  });
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="webcam-heading" class="webcam">
      <article>
        <h2 id="webcam-heading">Teach by webcam</h2>
        <label>
          What is it?
          <input
            value={words}
            placeholder="my red mug"
            autocomplete="off"
            maxLength={200}
            onInput={event => setWords(event.currentTarget.value)}
          />
        </label>
        <CameraVideo stream={stream} video={video} onLive={() => setLive(true)} onGone={onGone} />
        <p class="hint" role="status">
          {caption === ''
            ? 'Write what it is, then show it from several sides. The pictures stay on this machine.'
            : `${counted(taken.length, 'picture')} of “${caption}”. For another thing, change the words.`}
        </p>
        <ul class="taken">
          {taken.slice(-6).map(({ picture }) => (
            <li key={picture.id}>
              <img src={picture.url} alt="" width="48" height="48" />
            </li>
          ))}
        </ul>
        <footer>
          <button type="button" class="quiet" onClick={() => dialog.current!.close()}>
            Done
          </button>
          <button type="button" disabled={!live || caption === ''} {...hold}>
            <Icon name="camera" />
            Take it, or hold for several
          </button>
        </footer>
      </article>
    </dialog>
  );
}

/** The square in the middle, which is what the model reads. */
async function squareOf(video: HTMLVideoElement): Promise<Blob> {
  const { videoWidth: width, videoHeight: height } = video;
  const side = Math.min(width, height);
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d')!;
  context.drawImage(video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  return canvas.convertToBlob({ type: 'image/webp', quality: 0.9 });
}
