import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Git-ignored: texts, models and the installed peers. */
export const cache = fileURLToPath(new URL('../.cache/', import.meta.url));
const source = new URL('../../packages/tokenizer/fixtures/make-corpus.mjs', import.meta.url);
/** Of so many lines one is held out. */
const HELD_OUT = 20;
/** The quick run reads one of so many lines. */
const QUICK = 10;

export interface Corpus {
  readonly folder: string;
  /** Every line, for the times. */
  readonly all: string;
  /** The lines without the held-out ones, for the quality. */
  readonly train: string;
  readonly heldOut: string;
  readonly bytes: number;
  readonly lines: number;
}

/** The English text as files of one line each, made once. */
export async function corpus(quick: boolean): Promise<Corpus> {
  const folder = join(cache, 'tokenizer', quick ? 'quick' : 'full');
  const [all, train, heldOut] = ['all', 'train', 'held-out'].map(name => join(folder, `${name}.txt`)) as [
    string,
    string,
    string,
  ];
  if (!existsSync(all) || statSync(all).mtimeMs < statSync(source).mtimeMs) {
    const { readCorpus } = await import(source.href);
    const lines: string[] = await readCorpus();
    const chosen = lines.filter((_, i) => !quick || i % QUICK === 0);
    // Models of another text go as well.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const write = (file: string, keep: (i: number) => boolean) =>
      writeFileSync(file, `${chosen.filter((_, i) => keep(i)).join('\n')}\n`);
    write(train, i => i % HELD_OUT !== HELD_OUT - 1);
    write(heldOut, i => i % HELD_OUT === HELD_OUT - 1);
    write(all, () => true);
  }
  const lines = readLines(all);
  return { folder, all, train, heldOut, bytes: statSync(all).size - lines.length, lines: lines.length };
}

export function readLines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}
