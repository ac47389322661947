import { useEffect } from 'preact/hooks';
import { DropTarget } from '../parts/drop-target';
import { FileButton } from '../parts/file-button';
import { Icon } from '../parts/icon';
import { current } from '../parts/tabs';
import { captionAgain, captioning, picture, show } from '../state/caption';
import { phase } from '../state/engine';
import { attempt } from '../state/notice';
import { CameraButton } from './camera';
import { Candidates } from './candidates';
import { CaptionText } from './caption-text';
import { PictureFrame } from './picture-frame';
import { Samples } from './samples';

const open = (file: Blob, name: string) => void attempt(() => show(file, name));

export function CaptionView() {
  useEffect(() => {
    addEventListener('paste', pasted);
    return () => removeEventListener('paste', pasted);
  }, []);
  return (
    <DropTarget class="caption-view" onFiles={([file]) => open(file!, file!.name)}>
      <PictureFrame />
      <CaptionText />
      <div class="tools">
        <Samples />
        <div class="actions">
          <FileButton
            label="Choose a picture"
            icon="picture"
            accept="image/*"
            onFiles={([file]) => open(file!, file!.name)}
          />
          <CameraButton onPhoto={open} />
          <button
            type="button"
            class="quiet"
            disabled={!picture.value || captioning.value || phase.value !== 'ready'}
            onClick={() => void attempt(captionAgain)}
          >
            <Icon name="reset" />
            Once more
          </button>
        </div>
        <p class="hint drop">Or drop one here, or paste it.</p>
      </div>
      <Candidates />
    </DropTarget>
  );
}

function pasted(event: ClipboardEvent): void {
  if (current.value !== '' && current.value !== 'caption') return;
  const file = [...(event.clipboardData?.files ?? [])][0];
  if (!file) return;
  event.preventDefault();
  open(file, file.name || 'pasted picture');
}
