import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import type { NormalizationRule, trainUnigram } from '../src/index';
import { fixtureLines, linesOf } from './fixtures';

const { describe } = await needs('sentencepiece');

/** Tests that ask the original. */
export function describeWithSpm(name: string, tests: (spm: Spm) => void): void {
  describe(name, () => {
    const spm = new Spm();
    afterAll(() => spm.remove());
    tests(spm);
  });
}

/** What `fixtures/sources.mjs` gives; it is no TypeScript. */
export async function sourceText(name: 'multilingualText' | 'wordnetGlosses'): Promise<string[]> {
  const sources = await import(new URL('../fixtures/sources.mjs', import.meta.url).href);
  return sources[name]();
}

/** The original at work, in a folder of its own. */
export class Spm {
  /** Made when it is needed: tests that are left out leave nothing behind. */
  #made: string | undefined;

  /** The ids of each line, as it writes them. */
  encode(model: Uint8Array, lines: readonly string[]): string[] {
    return this.#run('spm_encode', model, '--output_format=id', lines);
  }

  decode(model: Uint8Array, ids: readonly string[]): string[] {
    return this.#run('spm_decode', model, '--input_format=id', ids);
  }

  /** Trains a model on the lines, with four special tokens as ours, in a process beside this one. */
  async train(
    lines: readonly string[],
    options: Readonly<Record<string, string | number>>,
  ): Promise<Uint8Array> {
    const folder = mkdtempSync(join(this.#folder, 'train-'));
    const [input, prefix] = [join(folder, 'text.txt'), join(folder, 'trained')];
    writeFileSync(input, `${lines.join('\n')}\n`);
    const special = { pad_id: 0, unk_id: 1, bos_id: 2, eos_id: 3 };
    const all = { input, model_prefix: prefix, ...special, num_threads: 1, minloglevel: 2, ...options };
    const flags = Object.entries(all).map(([name, value]) => `--${name}=${value}`);
    await promisify(execFile)('spm_train', flags);
    return readFileSync(`${prefix}.model`);
  }

  remove(): void {
    if (this.#made !== undefined) rmSync(this.#made, { recursive: true });
  }

  get #folder(): string {
    return (this.#made ??= mkdtempSync(join(tmpdir(), 'simvlm-spm-')));
  }

  #run(program: string, model: Uint8Array, format: string, lines: readonly string[]): string[] {
    const file = join(this.#folder, 'a.model');
    writeFileSync(file, model);
    const input = lines.map(line => `${line}\n`).join('');
    return linesOf(execFileSync(program, [`--model=${file}`, format], { input, maxBuffer: 2 ** 28 }));
  }
}

const symbols = {
  userDefinedSymbols: ['<image>', '<mask>', ':-)', '▁<sep>', '火', 'ab'],
  controlSymbols: ['<ctl1>', '<2de>'],
};

/** A model that we train and save, with these rules and kinds of pieces, does in the original what it does here. */
export function describeTrained(
  name: string,
  train: typeof trainUnigram,
  cases: [normalization: NormalizationRule, byteFallback: boolean, withSymbols: boolean][],
): void {
  describeWithSpm(
    `SentencePiece reads the ${name} models that we train, and does with them what we do`,
    spm => {
      const lines = fixtureLines();
      let text: string[];
      beforeAll(async () => {
        text = (await sourceText('multilingualText')).filter((_, i) => i % 30 === 0);
        expect(text.length).toBeGreaterThan(2000);
      });

      it.each(cases)('%s, byte fallback %s, symbols %s', async (normalization, byteFallback, withSymbols) => {
        const options = { vocabSize: 1500, characterCoverage: 0.98, normalization, byteFallback };
        const tokenizer = await train(text, withSymbols ? { ...options, ...symbols } : options);
        const bytes = tokenizer.save();
        const ids = spm.encode(bytes, lines);
        expect(ids).toHaveLength(lines.length);
        expect(lines.filter((line, i) => tokenizer.encode(line).join(' ') !== ids[i])).toEqual([]);
        const decoded = spm.decode(bytes, ids);
        const numbers = ids.map(line => (line === '' ? [] : line.split(' ').map(Number)));
        expect(numbers.filter((numbers, i) => tokenizer.decode(numbers) !== decoded[i])).toEqual([]);
        // A difference would show: the lines use much of the vocabulary.
        expect(new Set(numbers.flat()).size).toBeGreaterThan(tokenizer.vocabSize / 2);
      });
    },
  );
}
