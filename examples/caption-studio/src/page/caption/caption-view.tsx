import type { StudioFailure } from '../../engine/engine';
import { FileButton } from '../parts/file-button';
import { Icon } from '../parts/icon';
import type { PageFiles } from '../parts/page-files';
import { captionAgain, captioning, picture, show } from '../state/caption';
import { phase } from '../state/engine';
import { type GivenFile, inFolder } from '../state/given-files';
import { attempt } from '../state/notice';
import { CameraButton } from './camera';
import { Candidates } from './candidates';
import { CaptionText } from './caption-text';
import { PictureFrame } from './picture-frame';
import { Samples } from './samples';

const open = (file: Blob, name: string) => void attempt(() => show(file, name));

export const captionFiles: PageFiles = { take: captionFirst, hint: 'Drop it for a caption' };

/** Captions the first picture of what was dropped or pasted. */
async function captionFirst(files: readonly GivenFile[]): Promise<void> {
  const picture = files.find(file => !inFolder(file));
  if (!picture) {
    throw {
      code: 'PICTURE_NOT_AN_IMAGE',
      title: 'A folder cannot be captioned',
      advice: 'Drop a picture out of it. A folder of pictures with their captions belongs in the view Teach.',
    } satisfies StudioFailure;
  }
  await show(picture.file, picture.path);
}

export function CaptionView() {
  return (
    <div class="caption-view">
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
        <p class="hint drop">Or drop one anywhere on the page, or paste it.</p>
      </div>
      <Candidates />
    </div>
  );
}
