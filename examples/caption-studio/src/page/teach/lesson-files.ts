import type { StudioFailure } from '../../engine/engine';
import { counted } from '../parts/format';
import type { PageFiles } from '../parts/page-files';
import { type Added, addFolder } from '../state/folder';
import { type GivenFile, partGiven } from '../state/given-files';
import { notice, tell } from '../state/notice';
import { addLesson, running } from '../state/teach';

export const teachFiles: PageFiles = { take: addGiven, hint: 'Drop to add to the lessons' };

/** Adds what was dropped on the Teach view or pasted: pictures, folders of lessons, or both. */
async function addGiven(files: readonly GivenFile[]): Promise<void> {
  if (running.value) {
    throw {
      code: 'LESSONS_UNUSABLE',
      title: 'A training is running',
      advice: 'Pause it first. With more pictures a new training begins, from the model as it is now.',
    } satisfies StudioFailure;
  }
  const { folder, pictures } = partGiven(files);
  if (folder.length > 0 || pictures.length === 0) await addLessonFolder(folder);
  await addPictures(pictures);
}

/** Every picture that can be used is added; the failure of the last that cannot is thrown. */
export async function addPictures(pictures: readonly GivenFile[]): Promise<void> {
  const failures: unknown[] = [];
  for (const { file, path } of pictures) await addLesson(file, path).catch(error => failures.push(error));
  if (failures.length > 0) throw failures.at(-1);
}

export async function addLessonFolder(files: readonly GivenFile[]): Promise<void> {
  const added = await addFolder(files);
  if (added.left.length === 0) tell(`${counted(added.added, 'picture')} added`, adviceOn(added));
  else notice.value = leftOut(added);
}

function adviceOn({ heldOut }: Added): string {
  return heldOut > 0
    ? `Every fifth of them, ${heldOut} in all, is held out: to tell learning from remembering.`
    : 'Hold one or two of them out, to tell learning from remembering.';
}

function leftOut({ added, left }: Added) {
  return {
    kind: 'error',
    title:
      added === 0
        ? 'No picture of this folder can be used'
        : `${counted(added, 'picture')} added, ${left.length} left out`,
    advice:
      added === 0
        ? 'Paths in captions.jsonl begin where it is. The detail says what is wrong with each picture.'
        : 'Those that were added can be taught as they are. The detail says what is wrong with the others.',
    detail: left.join('\n'),
  } as const;
}
