import { FileButton } from '../parts/file-button';
import { Icon } from '../parts/icon';
import type { PageFiles } from '../parts/page-files';
import { captionFolder } from '../state/batch';
import { captionAgain, captioning, picture, show } from '../state/caption';
import { phase } from '../state/engine';
import { chosenFiles, type GivenFile, inFolder } from '../state/given-files';
import { attempt } from '../state/notice';
import { BatchCard } from './batch-card';
import { CameraButton } from './camera';
import { Candidates } from './candidates';
import { CaptionText } from './caption-text';
import { PictureFrame } from './picture-frame';
import { Samples } from './samples';
import { TrainedOn } from './trained-on';

const open = (file: Blob, name: string) => void attempt(() => show(file, name));

export const captionFiles: PageFiles = { take: captionGiven, hint: 'Drop it for a caption' };

/** Captions the picture that was dropped or pasted; of several, and of a folder, all. */
async function captionGiven(files: readonly GivenFile[]): Promise<void> {
  const picture = files.find(file => !inFolder(file));
  if (files.length === 1 && picture) await show(picture.file, picture.path);
  else await captionFolder(files);
}

export function CaptionView() {
  return (
    <div class="caption-view">
      <PictureFrame />
      <CaptionText />
      <div class="tools">
        <TrainedOn />
        <Samples />
        <div class="actions">
          <FileButton
            label="Choose a picture"
            icon="picture"
            accept="image/*"
            onFiles={([file]) => open(file!, file!.name)}
          />
          <CameraButton onPhoto={open} />
          <FileButton
            label="Caption a folder"
            icon="folder"
            folder
            secondary
            disabled={phase.value !== 'ready'}
            onFiles={files => void attempt(() => captionFolder(chosenFiles(files)))}
          />
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
      <div class="beside">
        <BatchCard />
        <Candidates />
      </div>
    </div>
  );
}
