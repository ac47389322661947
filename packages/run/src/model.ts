import { readAll } from '@simvlm/checkpoint';
import type { JsonValue, Registry } from '@simvlm/core';
import { ConfigError, didYouMean } from '@simvlm/core';
import {
  growWeights,
  mergedTensors,
  type Preset,
  presets,
  resizeWeights,
  SimVlm,
  type SimVlmConfig,
} from '@simvlm/model';
import type { RunConfig } from './config/schema';
import type { OpenedCheckpoint } from './open-checkpoint';

/** The preset that a configuration names, changed or not, or the configuration that it holds: all but what the tokenizer decides. */
export function modelPreset({ model }: RunConfig): Preset {
  if (typeof model === 'string') return named(model);
  const { preset, ...changes } = model;
  if (preset === undefined) return model as unknown as Preset;
  return { ...named(String(preset)), ...(changes as Partial<Preset>) };
}

function named(model: string): Preset {
  const names = Object.keys(presets);
  if (!names.includes(model))
    throw new ConfigError(
      'CONFIG_INVALID',
      `no model preset "${model}"; there are ${names.join(', ')}${didYouMean(model, names)}`,
    );
  return presets[model]!;
}

/** What of a model's configuration its tokenizer decides, and of a checkpoint's whether its weights are integers. */
export type Vocabulary = Pick<SimVlmConfig, 'vocabSize' | 'tokens' | 'weights'>;

/** A fresh model for this vocabulary. @throws ConfigError */
export function createModel(config: RunConfig, vocabulary: Vocabulary, registry: Registry): SimVlm {
  return SimVlm.create(modelConfig(config, vocabulary), { seed: config.seed, registry });
}

/**
 * A model with the tokenizer and the weights of a checkpoint, made to fit images of its own size and a larger patcher. Adapters that the
 * checkpoint has are merged into its weights; those that the configuration asks for are fresh. Weights that are integers stay so.
 *
 * @throws CheckpointError when the models differ in more than `imageSize`, adapters and a patcher that grows
 */
export async function createModelFrom(
  opened: OpenedCheckpoint,
  config: RunConfig,
  registry: Registry,
): Promise<SimVlm> {
  const { lora, ...from } = opened.config;
  const to = modelConfig(config, opened.config);
  const { lora: _, ...plain } = to;
  const whole = await opened.weights(registry);
  const weights = await readAll(lora ? mergedTensors(whole, lora) : whole);
  const larger = { ...plain, imageSize: from.imageSize };
  const grown = growWeights(weights, from, larger, { seed: config.seed, registry });
  const model = SimVlm.create(to, { seed: config.seed, registry });
  try {
    model.loadWeights(resizeWeights(grown, larger, plain, registry));
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function modelConfig(config: RunConfig, { vocabSize, tokens, weights }: Vocabulary): SimVlmConfig {
  const { lora } = config;
  return { ...modelPreset(config), vocabSize, tokens, ...(weights && { weights }), ...(lora && { lora }) };
}

/** The side of the input of a configuration's model in pixels, known before there is a tokenizer. See `checkParts` for what it may be. */
export function imageSizeOf(config: RunConfig): number {
  const { imageSize } = modelPreset(config) as unknown as Record<string, JsonValue>;
  if (typeof imageSize !== 'number')
    throw new ConfigError('CONFIG_INVALID', 'model config: "imageSize" is missing');
  return imageSize;
}
