import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, type EvaluatedItem, OutputError } from '@simvlm/core';
import { writeProblem } from '@simvlm/core/node';
import type { EvaluationRecord, EvaluationReport } from '@simvlm/run';
import { checkOutputFolder, openOutput } from '../io/output-file';

const FILE = 'give another file with --predictions';
const FOLDER = 'give another folder with --predictions';

/**
 * Where `--predictions` go, checked before the work starts.
 *
 * @param several there is more than one evaluation for sure: a folder
 * @throws OutputError
 */
export async function checkPredictions(path: string, { several }: { several: boolean }): Promise<string> {
  if (several) await checkOutputFolder(path, FOLDER);
  else await openOutput(path, FILE);
  return path;
}

/**
 * Writes what the models said of each example: of one evaluation into a file, of several into files of a folder, which are named by what tells them
 * apart.
 *
 * @throws ConfigError where no evaluator says anything of single examples; OutputError
 */
export async function writePredictions(path: string, { records }: EvaluationReport): Promise<void> {
  const spoken = records.filter(({ items }) => items !== undefined);
  if (spoken.length === 0)
    throw new ConfigError(
      'CONFIG_INVALID',
      `--predictions: ${[...new Set(records.map(({ evaluator }) => evaluator))].join(', ')} says nothing of single examples: nothing was written`,
    );
  if (records.length === 1) return write(path, spoken[0]!.items!);
  await makeFolder(path);
  for (const [name, { items }] of fileNames(spoken)) await write(join(path, name), items!);
}

async function write(path: string, items: readonly EvaluatedItem[]): Promise<void> {
  const file = await openOutput(path, FILE);
  await file.write(items.map(item => `${JSON.stringify(item)}\n`).join(''));
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new OutputError('DISK_WRITE', `cannot write ${path}: ${writeProblem(path, error)}; ${FOLDER}`, {
      cause: error,
    });
  }
}

/** Such as `caption.jsonl`, `runs-a.choice.seed-2.jsonl`: the parts in which the evaluations differ. */
function fileNames(records: readonly EvaluationRecord[]): [string, EvaluationRecord][] {
  const parts = records.map(({ checkpoint, source, evaluator, seed }) => [
    checkpoint,
    source,
    evaluator,
    seed === undefined ? '' : `seed-${seed}`,
  ]);
  const differ = [0, 1, 2, 3].filter(place => new Set(parts.map(each => each[place])).size > 1);
  const taken = new Set<string>();
  return records.map((record, index) => {
    const words = differ.map(place => safe(parts[index]![place]!)).filter(word => word !== '');
    const base = words.join('.') || safe(record.evaluator);
    let name = base;
    for (let count = 2; taken.has(name); count++) name = `${base}-${count}`;
    taken.add(name);
    return [`${name}.jsonl`, record];
  });
}

function safe(text: string): string {
  return text.replace(/[^\p{L}\p{N}_-]+/gu, '-').replace(/^-+|-+$/g, '');
}
