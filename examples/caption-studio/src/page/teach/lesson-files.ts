import type { StudioFailure } from '../../engine/engine';
import { counted } from '../parts/format';
import type { PageFiles } from '../parts/page-files';
import { type Added, addAll } from '../state/add-lessons';
import { folderLessons } from '../state/folder';
import { type GivenFile, partGiven } from '../state/given-files';
import { notice, tell } from '../state/notice';
import { mustOwn } from '../state/owner';
import { running } from '../state/teach';

export const teachFiles: PageFiles = { take: addGiven, hint: 'Drop to add to the lessons' };

/** Adds what was dropped on the Teach view or pasted: pictures, folders of lessons, or both. */
async function addGiven(files: readonly GivenFile[]): Promise<void> {
  mustOwn();
  if (running.value) {
    throw {
      code: 'LESSONS_UNUSABLE',
      title: 'A training is running',
      advice: 'Pause it first. With more pictures a new training begins, from the model as it is now.',
    } satisfies StudioFailure;
  }
  const { folder, pictures } = partGiven(files);
  if (folder.length === 0 && pictures.length > 0) return addPictures(pictures);
  const ofFolder = await addFolder(folder);
  const others = await addAll(withoutCaptions(pictures));
  say({
    added: ofFolder.added + others.added,
    heldOut: ofFolder.heldOut,
    left: [...ofFolder.left, ...others.left],
  });
}

/** @throws StudioFailure of the only picture, when it cannot be used; of several, each that cannot be used is named in a notice */
export async function addPictures(pictures: readonly GivenFile[]): Promise<void> {
  const added = await addAll(withoutCaptions(pictures));
  if (pictures.length === 1 && added.failure !== undefined) throw added.failure;
  if (added.left.length > 0) notice.value = leftOut(added);
}

export async function addLessonFolder(files: readonly GivenFile[]): Promise<void> {
  say(await addFolder(files));
}

async function addFolder(files: readonly GivenFile[]): Promise<Added> {
  const { lessons, unnamed } = await folderLessons(files);
  const added = await addAll(lessons, true);
  return { ...added, left: [...added.left, ...unnamed.map(path => `${path}: not in captions.jsonl`)] };
}

function withoutCaptions(pictures: readonly GivenFile[]) {
  return pictures.map(({ file, path }) => ({ file, name: path, caption: '' }));
}

function say(added: Added): void {
  if (added.left.length === 0 && added.added > 0)
    tell(`${counted(added.added, 'picture')} added`, adviceOn(added));
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
        ? 'None of these pictures can be used'
        : `${counted(added, 'picture')} added, ${left.length} left out`,
    advice:
      added === 0
        ? 'The detail says what is wrong with each. Paths in captions.jsonl begin where it is.'
        : 'Those that were added can be taught as they are. The detail says what is wrong with the others.',
    detail: left.length === 0 ? 'There is no picture in it.' : left.join('\n'),
  } as const;
}
