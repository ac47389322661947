import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type AnyTokenizer, loadTokenizer } from '../src/index';
import { fixtureLines } from './fixtures';

const folder = new URL('../fixtures/hugging-face/', import.meta.url);

/** What Hugging Face's own tokenizer gave: see fixtures/README.md. */
interface Expected {
  readonly ids: readonly string[];
  readonly decoded: readonly string[];
  readonly random: readonly (readonly [number[], string])[];
}

const json = (name: string) =>
  JSON.parse(gunzipSync(readFileSync(new URL(`${name}.json.gz`, folder))).toString());

/** Lines that WordPiece and byte-level BPE may get wrong, and those that SentencePiece may. */
export function hardLines(): string[] {
  return [...json('lines'), ...fixtureLines()];
}

/** The tokenizers of the fixtures: folders of files, and single tokenizer.json. */
export const huggingFaceModels: readonly string[] = readdirSync(new URL('models/', folder));

export function openModel(name: string): AnyTokenizer {
  const path = new URL(`models/${name}`, folder);
  if (name.endsWith('.json')) return loadTokenizer(readFileSync(path));
  return loadTokenizer(modelFiles(name));
}

/** The files of a folder by name. */
export function modelFiles(name: string): Map<string, Uint8Array> {
  const path = new URL(`models/${name}/`, folder);
  return new Map(readdirSync(path).map(file => [file, readFileSync(new URL(file, path))]));
}

export function huggingFaceExpected(name: string): Expected {
  return json(`expected/${name.replace('.json', '-json')}`);
}
