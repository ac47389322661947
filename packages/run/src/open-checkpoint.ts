import type { Checkpoint, TensorSet } from '@simvlm/checkpoint';
import type { Registry } from '@simvlm/core';
import { checkpointModelConfig, checkTokenizer, openWeights, type SimVlmConfig } from '@simvlm/model';
import type { AnyTokenizer } from '@simvlm/tokenizer';
import { ownRunConfig, withPluginAdvice } from './checkpoint';
import { checkpointTokenizer } from './checkpoint-tokenizer';
import type { RunConfig } from './config/schema';

/** A checkpoint whose files are known to belong together. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly config: SimVlmConfig;
  /** The configuration of the run that wrote it; none of a model that was imported. */
  readonly run: RunConfig | undefined;
  readonly tokenizer: AnyTokenizer;
  /**
   * The weights, once their names and shapes are those of the configuration; each is checked to be finite as it is read.
   *
   * @throws CheckpointError; PluginError for a patcher that nobody registered, with the plug-ins of the run
   */
  weights(registry: Registry): Promise<TensorSet>;
}

/**
 * Opens a checkpoint for use, the one way that commands, programs and pages have: files are whole, configurations are what they can be, and the
 * tokenizer is the model's. No weight is read, and neither optimiser nor data position.
 *
 * @throws CheckpointError, TokenizerError when it is damaged, or its files are of different models
 */
export async function openForUse(checkpoint: Checkpoint): Promise<OpenedCheckpoint> {
  const tokenizer = await checkpointTokenizer(checkpoint);
  const run = await ownRunConfig(checkpoint);
  const config = await checkpointModelConfig(checkpoint);
  checkTokenizer(config, tokenizer);
  return {
    ...{ checkpoint, config, run, tokenizer },
    weights: registry => withPluginAdvice(checkpoint, async () => openWeights(checkpoint, config, registry)),
  };
}
