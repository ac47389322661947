import type { StudioFailure } from '../../engine/engine';
import { parseCaptions } from './captions-file';
import { asFailure } from './failure';
import { addLesson } from './teach';

/** A folder of this many pictures or more gives every fifth to the held-out ones, so that learning can be told from remembering. */
const holdOutFrom = 10;

/** Adds the pictures of a folder with their captions; what cannot be used is left out and told. */
export async function addFolder(files: readonly File[]): Promise<{ added: number; left: readonly string[] }> {
  const byPath = new Map(files.map(file => [file.webkitRelativePath || file.name, file]));
  const listPath = [...byPath.keys()].find(path => /(^|\/)captions\.jsonl$/.test(path));
  if (listPath === undefined) {
    throw {
      code: 'UNEXPECTED',
      title: 'This folder has no captions.jsonl',
      advice:
        'Put a file captions.jsonl beside the pictures, with a line such as {"image": "fox.jpg", "text": "a fox in the snow"} for each.',
    } satisfies StudioFailure;
  }
  const root = listPath.slice(0, -'captions.jsonl'.length);
  const lines = parseCaptions(await byPath.get(listPath)!.text());
  const left: string[] = [];
  let added = 0;
  for (const [i, { image, text }] of lines.entries()) {
    const file = byPath.get(root + image.replace(/^\.\//, ''));
    if (!file) {
      left.push(`${image}: not in the folder`);
      continue;
    }
    try {
      await addLesson(file, image, text, lines.length >= holdOutFrom && i % 5 === 4);
      added++;
    } catch (error) {
      left.push(`${image}: ${asFailure(error).title}`);
    }
  }
  return { added, left };
}
