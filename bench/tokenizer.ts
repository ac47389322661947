/**
 * The tokenizer beside SentencePiece, Hugging Face's Rust and what npm has: encoding on one thread, training, and how short the trained
 * models make held-out text. Every tokenizer runs in its own process, a round at a time in turn, so that all see the
 * same machine; medians after a warm-up.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { versionOf } from './lib/process';
import { progress } from './lib/progress';
import type { BenchOptions, BenchResult } from './lib/table';
import { type Corpus, corpus } from './tokenizer/corpus';
import { OURS, sentencePiecePeers } from './tokenizer/encoders';
import { encoding } from './tokenizer/encoding';
import type { Findings } from './tokenizer/findings';
import { subword } from './tokenizer/subword';
import { nameOf, quality, type Task, trainingTimes, trainSpm } from './tokenizer/training';

const PARTS = ['encode', 'train', 'quality', 'subword'];
const FIXTURE = new URL('../packages/tokenizer/fixtures/models/unigram-32k.model', import.meta.url);
const full = { rounds: 5, trainingRounds: 3, sizes: [8_000, 32_000] };
const quick = { rounds: 2, trainingRounds: 1, sizes: [2_000, 8_000] };

export async function run(options: BenchOptions): Promise<BenchResult> {
  const plan = options.quick ? quick : full;
  const parts = options.part?.split(',') ?? PARTS;
  const unknown = parts.find(part => !PARTS.includes(part));
  if (unknown !== undefined) throw new Error(`no part "${unknown}"; there are ${PARTS.join(', ')}`);
  // What is measured is what gets published, not its sources.
  execFileSync('pnpm', ['exec', 'turbo', 'run', 'build', `--filter=${OURS}`, '--output-logs=errors-only'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const text = await corpus(options.quick);
  const versions: Record<string, string> = {};
  const found: Findings = { rows: [], notes: [], failures: [] };
  const add = ({ rows, notes, failures }: Findings) => {
    found.rows.push(...rows);
    found.notes.push(...notes);
    found.failures.push(...failures);
  };

  if (parts.includes('encode')) {
    const model = await encodingModel(text, plan.sizes.at(-1)!);
    if (model === null) found.notes.push('encoding: no model, because spm_train was not found');
    else add(await encoding(text.all, model, sentencePiecePeers, plan.rounds, versions));
  }
  if (parts.includes('subword'))
    for (const kind of ['wordpiece', 'byte-bpe'] as const)
      add(await subword(text, kind, plan.sizes.at(-1)!, plan.rounds, versions));
  const spm = versionOf('spm_train');
  if (spm === null) found.notes.push('spm_train not found: apt-get install sentencepiece');
  else {
    versions.sentencepiece = spm;
    const tasks: Task[] = plan.sizes.map(vocabSize => ({
      algorithm: 'unigram',
      vocabSize,
      rounds: plan.trainingRounds,
    }));
    if (options.bpe) tasks.push({ algorithm: 'bpe', vocabSize: plan.sizes.at(-1)!, rounds: 1 });
    for (const [part, measured] of [
      ['train', trainingTimes],
      ['quality', quality],
    ] as const)
      for (const task of parts.includes(part) ? tasks : []) {
        progress(`${part} ${nameOf(task)}`);
        add(await measured(text, task).catch(error => failed(`${part} ${nameOf(task)}`, error)));
      }
  }

  if (found.failures.length > 0) process.exitCode = 1;
  return {
    versions,
    rows: found.rows,
    notes: [
      `text: ${(text.bytes / 1e6).toFixed(1)} MB of English in ${text.lines.toLocaleString('en')} lines; 1 MB is 10⁶ bytes`,
      ...found.notes,
      ...found.failures.map(failure => `FAILED: ${failure}`),
    ],
  };
}

/** The fixture, which spm_train made of the same text, or else one that it makes now and that is kept. */
async function encodingModel(text: Corpus, vocabSize: number) {
  if (existsSync(FIXTURE)) return { file: fileURLToPath(FIXTURE), name: 'unigram 32k' };
  const task = { algorithm: 'unigram', vocabSize } as const;
  const model = { file: `${text.folder}/encoding-${vocabSize}.model`, name: nameOf(task) };
  if (existsSync(model.file)) return model;
  if (versionOf('spm_train') === null) return null;
  progress('training the model for encoding');
  await trainSpm(task, text.all, model.file);
  return model;
}

function failed(what: string, error: Error): Findings {
  return { rows: [], notes: [], failures: [`${what}: ${error.message}`] };
}
