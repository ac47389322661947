import type { JsonValue, Registry, Tokenizer } from '@simvlm/core';
import { ConfigError } from '@simvlm/core';
import {
  type Preset,
  presets,
  readSafetensors,
  resizeWeights,
  SimVlm,
  type SimVlmConfig,
  writeSafetensors,
} from '@simvlm/model';
import { type CheckpointFiles, checkpointModelConfig, fileOf } from '@simvlm/trainer';
import type { RunConfig } from '../config/run-config';

/** The preset that a configuration names, or the configuration that it holds: all but what the tokenizer decides. */
export function modelPreset({ model }: RunConfig): Preset {
  if (typeof model !== 'string') return model as unknown as Preset;
  const preset = presets[model];
  if (!preset)
    throw new ConfigError(
      'CONFIG_INVALID',
      `no model preset "${model}"; there are ${Object.keys(presets).join(', ')}`,
    );
  return preset;
}

/** A fresh model for this tokenizer. @throws ConfigError */
export function createModel(config: RunConfig, tokenizer: Tokenizer, registry: Registry): SimVlm {
  return SimVlm.create(modelConfig(modelPreset(config), tokenizer), { seed: config.seed, registry });
}

/**
 * A model for this tokenizer with the weights of a checkpoint, made to fit images of its own size.
 *
 * @throws CheckpointError when the models differ in more than `imageSize`
 */
export function createModelFrom(
  files: CheckpointFiles,
  config: RunConfig,
  tokenizer: Tokenizer,
  registry: Registry,
): SimVlm {
  const to = modelConfig(modelPreset(config), tokenizer);
  const { tensors } = readSafetensors(fileOf(files, 'weights.safetensors'));
  const weights = resizeWeights(tensors, checkpointModelConfig(files), to, registry);
  const model = SimVlm.create(to, { seed: config.seed, registry });
  model.loadWeights(writeSafetensors(weights));
  return model;
}

function modelConfig(preset: Preset, { vocabSize, special }: Tokenizer): SimVlmConfig {
  const { pad, bos, eos } = special;
  return { ...preset, vocabSize, tokens: { pad, bos, eos } };
}

/** The side of the input of a configuration's model in pixels, known before there is a tokenizer. */
export function imageSizeOf(config: RunConfig): number {
  const { imageSize } = modelPreset(config) as unknown as Record<string, JsonValue>;
  if (typeof imageSize !== 'number')
    throw new ConfigError('CONFIG_INVALID', 'model config: "imageSize" is missing');
  return imageSize;
}
