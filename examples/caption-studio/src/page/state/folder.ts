import type { StudioFailure } from '../../engine/engine';
import { readCaptions } from './captions-file';
import { asFailure } from './failure';
import { type GivenFile, isCaptionsFile } from './given-files';
import { addLesson } from './teach';

/** A folder of this many pictures or more gives every fifth to the held-out ones, so that learning can be told from remembering. */
const holdOutFrom = 10;

export interface Added {
  readonly added: number;
  readonly heldOut: number;
  /** What could not be used, and why. */
  readonly left: readonly string[];
}

/** Adds the pictures of a folder with the captions of each `captions.jsonl` in it; what cannot be used is left out and told. */
export async function addFolder(files: readonly GivenFile[]): Promise<Added> {
  const byPath = new Map(files.map(({ path, file }) => [path, file]));
  const lines: { file: File | undefined; image: string; text: string }[] = [];
  const lists = files.filter(isCaptionsFile);
  if (lists.length === 0) throw noCaptions;
  for (const { path, file } of lists) {
    const root = path.slice(0, -'captions.jsonl'.length);
    for (const { image, text } of await readCaptions(file, path))
      lines.push({ file: byPath.get(root + image.replace(/^\.\//, '')), image, text });
  }
  const left: string[] = [];
  let [added, heldOut] = [0, 0];
  for (const [i, { file, image, text }] of lines.entries()) {
    if (!file) {
      left.push(`${image}: not in the folder`);
      continue;
    }
    const isHeldOut = lines.length >= holdOutFrom && i % 5 === 4;
    try {
      await addLesson(file, image, text, isHeldOut);
      added++;
      if (isHeldOut) heldOut++;
    } catch (error) {
      const { title } = asFailure(error);
      left.push(title.startsWith(image) ? title : `${image}: ${title}`);
    }
  }
  return { added, heldOut, left };
}

const noCaptions: StudioFailure = {
  code: 'LESSONS_UNUSABLE',
  title: 'This folder has no captions.jsonl',
  advice:
    'Put a file captions.jsonl beside the pictures, with a line such as {"image": "fox.jpg", "text": "a fox in the snow"} for each.',
};
