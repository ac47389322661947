import { join } from 'node:path';
import { at, CAPTIONS, TRANSLATIONS } from './sentences';
import { eachFile, type Make } from './source';
import { lines, picture, write } from './write';

/** Multi30k: a sentence a line, its translation in the second file, the name of its picture in the third. */
export const parallel: Make = async ({ path, images }, place) => {
  const [source, target, names] = path as readonly string[];
  const nameOf = (i: number) => `${1000092795 + i}.jpg`;
  await write(place(source!), CAPTIONS.map(text => `${text}\n`).join(''));
  await write(place(target!), TRANSLATIONS.map(text => `${text}\n`).join(''));
  if (names === undefined) return;
  await write(place(names), CAPTIONS.map((_, i) => `${nameOf(i)}\n`).join(''));
  for (const i of CAPTIONS.keys()) await write(place(join(images ?? '', nameOf(i))), picture(i));
};

/** Sentences of a document. */
const LONG = 40;

/** C4, unpacked: a document a line with its address and time. Documents are longer than the text of a model. */
export const jsonl: Make = async ({ path }, place) => {
  for (const file of eachFile(path)) {
    const records = CAPTIONS.map((_, i) => ({
      text: Array.from({ length: LONG }, (_, j) => at(CAPTIONS, i + j)).join(' '),
      ...{ timestamp: '2019-04-25T12:57:54Z', url: `https://example.org/${i}` },
    }));
    await write(place(file), lines(records));
  }
};
