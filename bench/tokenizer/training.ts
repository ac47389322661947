import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure, type Usage } from '../lib/process';
import { median, timeRow } from '../lib/table';
import { type Corpus, readLines } from './corpus';
import { agreement, OURS, SPM, startEncoder } from './encoders';
import { type Findings, percent } from './findings';

type Algorithm = 'unigram' | 'bpe';
export interface Task {
  readonly algorithm: Algorithm;
  readonly vocabSize: number;
  readonly rounds: number;
}

/** Tokens of ours for one of SentencePiece's, at most. */
const QUALITY = 1.01;
const PEER = 'spm_train, 1 thread';

export function nameOf({ algorithm, vocabSize }: Pick<Task, 'algorithm' | 'vocabSize'>): string {
  return `${algorithm === 'bpe' ? 'BPE' : 'unigram'} ${vocabSize / 1000}k`;
}

/** Seconds and memory of whole processes that read the text, train and write the model. */
export async function trainingTimes(text: Corpus, task: Task): Promise<Findings> {
  const ours: Usage[] = [];
  const spm: Usage[] = [];
  for (let round = 0; round < task.rounds; round++) {
    ours.push(await trainOurs(task, text.all, `${text.folder}/ours.model`));
    spm.push(await trainSpm(task, text.all, `${text.folder}/spm.model`));
  }
  const middle = (list: Usage[], of: keyof Usage) => {
    const values = list.map(usage => usage[of]);
    return values.some(value => value === null) ? null : median(values as number[]);
  };
  const row = (what: string, of: keyof Usage, unit: string) => {
    const [mine, theirs] = [middle(ours, of), middle(spm, of)];
    return mine === null || theirs === null
      ? []
      : [timeRow(`${what}, ${nameOf(task)}`, mine, { name: PEER, value: theirs }, unit)];
  };
  const cpu = middle(ours, 'cpuSeconds');
  return {
    rows: [...row('training', 'seconds', 's'), ...row('training, peak memory', 'mebibytes', 'MiB')],
    notes: [
      `training ${nameOf(task)}: whole processes, ${task.rounds === 1 ? 'once each' : `medians of ${task.rounds}`}${
        cpu === null
          ? '; no GNU time here, so that memory is not measured'
          : `; processor time of all threads ${cpu.toFixed(1)} s ours, ${middle(spm, 'cpuSeconds')!.toFixed(1)} s spm_train`
      }`,
    ],
    failures: [],
  };
}

/** Tokens per character of the held-out lines, with models that were trained on the others. */
export async function quality(text: Corpus, task: Task): Promise<Findings> {
  const lines = readLines(text.heldOut);
  const characters = lines.reduce((sum, line) => sum + [...line].length, 0);
  const failures: string[] = [];
  const perCharacter: number[] = [];
  for (const [who, train] of [
    ['ours', trainOurs],
    ['spm', trainSpm],
  ] as const) {
    const model = `${text.folder}/held-out-${who}-${task.algorithm}-${task.vocabSize}.model`;
    await train(task, text.train, model);
    const [ours, spm] = await Promise.all([
      allIds(OURS, model, text.heldOut, lines.length),
      allIds(SPM, model, text.heldOut, lines.length),
    ]);
    perCharacter.push(ours.reduce((sum, ids) => sum + ids.length, 0) / characters);
    const same = agreement(ours, spm);
    if (same < 1)
      failures.push(
        `${nameOf(task)} trained by ${who}: only ${percent(same)} of the held-out lines have the ids that spm_encode gives`,
      );
  }
  const [ours, spm] = perCharacter as [number, number];
  if (!(ours / spm <= QUALITY))
    failures.push(`${nameOf(task)}: ours needs ${(ours / spm).toFixed(4)} times the tokens of spm_train's`);
  return {
    rows: [
      timeRow(
        `held-out text, ${nameOf(task)}`,
        ours,
        { name: "spm_train's model", value: spm },
        'tokens/character',
      ),
    ],
    notes: [
      `held-out ${nameOf(task)}: ${ours.toFixed(5)} tokens per character with our model, ${spm.toFixed(5)} with spm_train's: ${(ours / spm).toFixed(4)} times as many`,
    ],
    failures,
  };
}

async function allIds(name: string, model: string, text: string, count: number): Promise<number[][]> {
  const encoder = await startEncoder(name, model, text);
  const ids = await encoder.sample(count);
  encoder.stop();
  return ids;
}

function trainOurs(task: Pick<Task, 'algorithm' | 'vocabSize'>, text: string, model: string) {
  const script = fileURLToPath(new URL('./train.mjs', import.meta.url));
  return measure(process.execPath, [script, task.algorithm, `${task.vocabSize}`, text, model]);
}

/** The special pieces are those of ours, so that both have room for the same number of others. */
export function trainSpm(task: Pick<Task, 'algorithm' | 'vocabSize'>, text: string, model: string) {
  mkdirSync(dirname(model), { recursive: true });
  return measure('spm_train', [
    `--input=${text}`,
    `--model_prefix=${model.replace(/\.model$/, '')}`,
    `--model_type=${task.algorithm}`,
    `--vocab_size=${task.vocabSize}`,
    '--normalization_rule_name=nmt_nfkc',
    '--character_coverage=0.9995',
    '--num_threads=1',
    '--pad_id=0',
    '--unk_id=1',
    '--bos_id=2',
    '--eos_id=3',
    '--minloglevel=2',
  ]);
}
