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

/** The tokenizer and the configuration of the run as files of a checkpoint. */
export function checkpointExtras(config: RunConfig, tokenizer: AnyTokenizer): CheckpointFiles {
  return new Map([...tokenizerFiles(tokenizer), [FILES.run, jsonFile(config)]]);
}

/** The configuration of the run that wrote a checkpoint. @throws CheckpointError when it is missing, or its keys or values are not what they can be */
export async function checkpointRunConfig(checkpoint: Checkpoint): Promise<RunConfig> {
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
    throw pluginAdvice(error, (await checkpointRunConfig(checkpoint)).plugins);
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
    [FILES.run, run ? jsonFile(run) : await fileOf(checkpoint, FILES.run)],
    ...tensorFiles(TENSORS.weights, weights.tensors, { metadata: { format: 'simvlm' }, dtype }),
  ]);
}
