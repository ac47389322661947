import { fileURLToPath } from 'node:url';
import { checkpointFolder } from '@simvlm/checkpoint-emoji';
import { CheckpointError, type JsonValue, type Registry } from '@simvlm/core';
import { SimVlm } from '@simvlm/model';
import { loadTokenizer, type SentencePieceTokenizer } from '@simvlm/tokenizer';
import { type CheckpointFiles, checkpointModelConfig, fileOf, restoreWeights } from '@simvlm/trainer';
import { loadCheckpoint } from '@simvlm/trainer/node';
import { type RunConfig, resolveRunConfig } from '../config/run-config';
import type { Terminal } from '../terminal';

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
  const model = SimVlm.create(checkpointModelConfig(files), { init: 'zeros', registry });
  restoreWeights(files, model);
  return { model, tokenizer: checkpointTokenizer(files), config: checkpointRunConfig(files) };
}

/** The files of the checkpoint at `path`; when nothing is named those of the model that comes with the command line, which it says. @throws CheckpointError */
export async function chosenCheckpoint(
  path: string | undefined,
  terminal: Terminal,
): Promise<CheckpointFiles> {
  if (path !== undefined) return loadCheckpoint(path);
  terminal.note(
    'with the model that comes along, @simvlm/checkpoint-emoji; another one: --checkpoint runs/NAME',
  );
  return loadCheckpoint(fileURLToPath(checkpointFolder));
}

/** The files of a checkpoint that its use needs, but for the weights. @throws CheckpointError */
export function filesForUse(files: CheckpointFiles): CheckpointFiles {
  const names = ['model.json', EXTRAS.tokenizer, EXTRAS.run];
  return new Map(names.map(name => [name, fileOf(files, name)]));
}
