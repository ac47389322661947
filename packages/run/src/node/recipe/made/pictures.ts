import { join } from 'node:path';
import { tarBytes } from '@simvlm/data/node';
import { at, CAPTIONS } from './sentences';
import { eachFile, type Make } from './source';
import { picture, write } from './write';

/** ImageNet has so many, named by the number of a noun in WordNet. */
const CLASSES = 1000;

/** A folder of JPEGs for each class. */
export const imagefolder: Make = async ({ path }, place) => {
  const file = picture(0);
  for (let i = 0; i < CLASSES; i++) {
    const wordnet = `n${String(1440764 + i).padStart(8, '0')}`;
    await write(place(join(path as string, wordnet, `${wordnet}_1.JPEG`)), file);
  }
};

const PER_SHARD = 4;

/** What img2dataset writes: tar shards of a picture, its text and what was known of both. */
export const webdataset: Make = async ({ path }, place) => {
  const encoder = new TextEncoder();
  for (const [shard, file] of eachFile(path).entries()) {
    const entries = Array.from({ length: PER_SHARD }, (_, i) => {
      const key = `${String(shard).padStart(5, '0')}${String(i).padStart(4, '0')}`;
      const caption = at(CAPTIONS, PER_SHARD * shard + i);
      const facts = { key, caption, url: `https://example.org/${key}.jpg`, status: 'success' };
      return [
        { name: `${key}.jpg`, content: picture(PER_SHARD * shard + i) },
        { name: `${key}.json`, content: encoder.encode(JSON.stringify(facts)) },
        { name: `${key}.txt`, content: encoder.encode(caption) },
      ];
    });
    await write(place(file), tarBytes(entries.flat()));
  }
};
