import type { JsonValue, Registry, Tokenizer } from '@simvlm/core';
import { ConfigError, didYouMean } from '@simvlm/core';
import {
  growWeights,
  mergeAdapters,
  type Preset,
  presets,
  readSafetensors,
  resizeWeights,
  type SafeTensor,
  SimVlm,
  type SimVlmConfig,
  writeSafetensors,
} from '@simvlm/model';
import { type CheckpointFiles, checkpointModelConfig, fileOf } from '@simvlm/trainer';
import type { RunConfig } from '../config/run-config';

/** The preset that a configuration names, or the configuration that it holds: all but what the tokenizer decides. */
export function modelPreset({ model }: RunConfig): Preset {
  if (typeof model !== 'string') return model as unknown as Preset;
  const names = Object.keys(presets);
  if (!names.includes(model))
    throw new ConfigError(
      'CONFIG_INVALID',
      `no model preset "${model}"; there are ${names.join(', ')}${didYouMean(model, names)}`,
    );
  return presets[model]!;
}

/** A fresh model for this tokenizer. @throws ConfigError */
export function createModel(config: RunConfig, tokenizer: Tokenizer, registry: Registry): SimVlm {
  return SimVlm.create(modelConfig(config, tokenizer), { seed: config.seed, registry });
}

/**
 * A model for this tokenizer with the weights of a checkpoint, made to fit images of its own size and a larger patcher. Adapters that the
 * checkpoint has are merged into its weights; those that the configuration asks for are fresh.
 *
 * @throws CheckpointError when the models differ in more than `imageSize`, adapters and a patcher that grows
 */
export function createModelFrom(
  files: CheckpointFiles,
  config: RunConfig,
  tokenizer: Tokenizer,
  registry: Registry,
): SimVlm {
  const to = modelConfig(config, tokenizer);
  const { lora: _, ...plain } = to;
  const from = mergedWeights(files);
  const larger = { ...plain, imageSize: from.config.imageSize };
  const grown = growWeights(from.weights, from.config, larger, { seed: config.seed, registry });
  const weights = resizeWeights(grown, larger, plain, registry);
  const model = SimVlm.create(to, { seed: config.seed, registry });
  model.loadWeights(writeSafetensors(weights));
  return model;
}

/** The model of a checkpoint as one without adapters: its weights, into which they are merged, and its configuration. */
export function mergedWeights(files: CheckpointFiles): {
  readonly weights: ReadonlyMap<string, SafeTensor>;
  readonly config: SimVlmConfig;
} {
  const { lora, ...config } = checkpointModelConfig(files);
  const { tensors } = readSafetensors(fileOf(files, 'weights.safetensors'));
  return { weights: lora ? mergeAdapters(tensors, lora) : tensors, config };
}

function modelConfig(config: RunConfig, { vocabSize, special }: Tokenizer): SimVlmConfig {
  const { pad, bos, eos } = special;
  const { lora } = config;
  return { ...modelPreset(config), vocabSize, tokens: { pad, bos, eos }, ...(lora && { lora }) };
}

/** The side of the input of a configuration's model in pixels, known before there is a tokenizer. */
export function imageSizeOf(config: RunConfig): number {
  const { imageSize } = modelPreset(config) as unknown as Record<string, JsonValue>;
  if (typeof imageSize !== 'number')
    throw new ConfigError('CONFIG_INVALID', 'model config: "imageSize" is missing');
  return imageSize;
}
