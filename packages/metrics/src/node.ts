import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type Paraphrases, readParaphrases } from './captions/meteor/paraphrases';
import { readWordNet, type WordNet } from './captions/meteor/wordnet';

/** WordNet as it comes with this package. */
export async function loadWordNet(): Promise<WordNet> {
  return readWordNet(await readFile(new URL('../data/wordnet-3.0.gz', import.meta.url)));
}

/**
 * METEOR's paraphrase table from a file; see `readParaphrases`.
 *
 * @throws DataError for what is no such table; an error of the system where the file cannot be read
 */
export function loadParaphrases(path: string, words: ReadonlySet<string>): Promise<Paraphrases> {
  return readParaphrases(Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>, words);
}
