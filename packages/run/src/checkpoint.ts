import {
  type Checkpoint,
  type CheckpointContents,
  type CheckpointFiles,
  FILES,
  fileOf,
  jsonFile,
  jsonOf,
  TENSORS,
  type TensorSet,
  tensorFiles,
  type WeightType,
} from '@simvlm/checkpoint';
import { CheckpointError, ConfigError, type JsonValue, PluginError } from '@simvlm/core';
import { checkpointModelConfig, type SimVlmConfig } from '@simvlm/model';
import { type AnyTokenizer, tokenizerFiles } from '@simvlm/tokenizer';
import { checkpointTokenizerFiles } from './checkpoint-tokenizer';
import { resolveRunConfig } from './config/resolve';
import type { RunConfig } from './config/schema';
import { pluginAdvice } from './plugin-advice';

/**
 * The tokenizer and the configuration of the run as files of a checkpoint.
 *
 * @param from what the run goes on from or began with: where a model was imported from stays known
 */
export async function checkpointExtras(
  config: RunConfig,
  tokenizer: AnyTokenizer,
  from: Checkpoint | undefined,
): Promise<CheckpointFiles> {
  const run = [FILES.run, jsonFile(config)] as const;
  return new Map([...tokenizerFiles(tokenizer), run, ...(from ? await copied(from, [FILES.source]) : [])]);
}

/** Those of some files that a checkpoint has: where an imported model came from, and how the model tells what it does not know. */
async function copied(checkpoint: Checkpoint, names: readonly string[]): Promise<[string, Uint8Array][]> {
  const files: [string, Uint8Array][] = [];
  for (const name of names)
    if (checkpoint.names.includes(name)) files.push([name, await fileOf(checkpoint, name)]);
  return files;
}

/** The configuration of the run that wrote a checkpoint; undefined for a model that was imported. @throws CheckpointError as `checkpointRunConfig` */
export async function ownRunConfig(checkpoint: Checkpoint): Promise<RunConfig | undefined> {
  return checkpoint.names.includes(FILES.run) ? checkpointRunConfig(checkpoint) : undefined;
}

/** The configuration of the run that wrote a checkpoint. @throws CheckpointError when it is missing, or its keys or values are not what they can be */
export async function checkpointRunConfig(checkpoint: Checkpoint): Promise<RunConfig> {
  if (!checkpoint.names.includes(FILES.run))
    throw new CheckpointError(
      'CHECKPOINT_INVALID',
      `${checkpoint.where} has no ${FILES.run}, as it was imported and not trained here: there is no run to go on with; begin one with its weights, --init ${checkpoint.where}`,
    );
  const value = await jsonOf(checkpoint, FILES.run);
  try {
    return resolveRunConfig(value as Record<string, JsonValue>, `${checkpoint.where}: ${FILES.run}`);
  } catch (error) {
    // Nobody asked for it: it is the checkpoint that is wrong.
    if (!(error instanceof ConfigError)) throw error;
    throw new CheckpointError('CHECKPOINT_INVALID', error.message, { cause: error });
  }
}

/** Does what needs the plug-ins of a checkpoint; where one is missing, the error says which option loads it. */
export async function withPluginAdvice<T>(checkpoint: Checkpoint, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    throw pluginAdvice(error, (await ownRunConfig(checkpoint))?.plugins);
  }
}

/** What a model needs to be used, as the contents of a checkpoint: no optimiser, no data position. */
export async function contentsForUse(
  checkpoint: Checkpoint,
  weights: TensorSet,
  {
    dtype = 'F32',
    model,
    run,
  }: {
    readonly dtype?: WeightType;
    /** Default: those of the checkpoint. */
    readonly model?: SimVlmConfig;
    readonly run?: RunConfig;
  } = {},
): Promise<CheckpointContents> {
  return new Map([
    [FILES.model, jsonFile(model ?? (await checkpointModelConfig(checkpoint)))],
    ...(await checkpointTokenizerFiles(checkpoint)),
    ...(await runFile(checkpoint, run)),
    ...(await copied(checkpoint, [FILES.source, FILES.doubt])),
    ...tensorFiles(TENSORS.weights, weights.tensors, { metadata: { format: 'simvlm' }, dtype }),
  ]);
}

/** The configuration of the run as a file; of a model that was imported none. */
async function runFile(checkpoint: Checkpoint, run: RunConfig | undefined): Promise<[string, Uint8Array][]> {
  if (run) return [[FILES.run, jsonFile(run)]];
  if (!checkpoint.names.includes(FILES.run)) return [];
  return [[FILES.run, await fileOf(checkpoint, FILES.run)]];
}
