import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, type JsonValue, type Registry } from '@simvlm/core';
import { SimVlm } from '@simvlm/model';
import { loadTokenizer, type SentencePieceTokenizer } from '@simvlm/tokenizer';
import { type CheckpointFiles, checkpointModelConfig, fileOf, restoreWeights } from '@simvlm/trainer';
import { loadCheckpoint } from '@simvlm/trainer/node';
import { type RunConfig, resolveRunConfig } from '../config/run-config';

/** Where runs go. */
export const RUNS = 'runs';

/** What this command line adds to the trainer's files in every checkpoint. */
const EXTRAS = { tokenizer: 'tokenizer.model', run: 'run.json' } as const;

/** The tokenizer and the configuration of the run as files of a checkpoint. */
export function checkpointExtras(config: RunConfig, tokenizer: SentencePieceTokenizer): CheckpointFiles {
  return new Map([
    [EXTRAS.tokenizer, tokenizer.save()],
    [EXTRAS.run, new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`)],
  ]);
}

/** The configuration of the run that wrote a checkpoint. @throws CheckpointError, ConfigError */
export function checkpointRunConfig(files: CheckpointFiles): RunConfig {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(fileOf(files, EXTRAS.run)));
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError('CHECKPOINT_INVALID', `${EXTRAS.run} is not JSON`, { cause: error });
  }
  return resolveRunConfig(value as Record<string, JsonValue>, EXTRAS.run);
}

/** The tokenizer of a checkpoint. @throws CheckpointError, TokenizerError */
export function checkpointTokenizer(files: CheckpointFiles): SentencePieceTokenizer {
  return loadTokenizer(fileOf(files, EXTRAS.tokenizer));
}

export interface Captioner {
  readonly model: SimVlm;
  readonly tokenizer: SentencePieceTokenizer;
  readonly config: RunConfig;
}

/** A trained model with its tokenizer. @throws CheckpointError when the checkpoint is damaged */
export function openCaptioner(files: CheckpointFiles, registry: Registry): Captioner {
  const model = SimVlm.create(checkpointModelConfig(files), { registry });
  restoreWeights(files, model);
  return { model, tokenizer: checkpointTokenizer(files), config: checkpointRunConfig(files) };
}

/** The files of the checkpoint at `path`, or of the newest run under `runs/`. @throws CheckpointError */
export async function readCheckpoint(path: string | undefined): Promise<CheckpointFiles> {
  return loadCheckpoint(path ?? (await newestRun()));
}

async function newestRun(): Promise<string> {
  const names = await readdir(RUNS).catch(() => [] as string[]);
  const runs: { path: string; changed: number }[] = [];
  for (const name of names) {
    const path = join(RUNS, name);
    const checkpoints = await stat(join(path, 'checkpoints')).catch(() => undefined);
    if (checkpoints) runs.push({ path, changed: checkpoints.mtimeMs });
  }
  const newest = runs.sort((a, b) => b.changed - a.changed)[0];
  if (!newest)
    throw new CheckpointError(
      'CHECKPOINT_NOT_FOUND',
      `there is no run under ${RUNS}/ yet: train one with "simvlm demo", or pass --checkpoint`,
    );
  return newest.path;
}
