import { ConfigError, checkOptions, type OptionRule, rule } from '@simvlm/core';
import type { SimVlmConfig } from './config';
import { resolveLora } from './finetune/lora';
import { above0, checkSampler } from './generate/sampler-options';
import { checkIntegerWeights } from './weights/integers';

/**
 * A checked copy.
 *
 * @throws ConfigError that names the key, what was given and what is allowed
 */
export function checkModelConfig(config: SimVlmConfig): SimVlmConfig {
  if (!rule.object.accepts(config)) throw invalid('it must be an object');
  checkOptions('model config', config, {
    architecture: rule.oneOf('encoder-decoder', 'decoder-only'),
    imageSize: rule.integer(1, 8192),
    width: rule.integer(1, 65_536),
    layers: rule.integer(1, 1000),
    heads: rule.integer(1, 1024),
    mlp: rule.integer(1, 1_000_000),
    vocabSize: rule.integer(5, 10_000_000),
    maxTextLength: rule.integer(2, 65_536),
    tokens: rule.object,
    patcher: rule.object,
    picture: rule.object,
    imagePositions: rule.object,
    block: rule.object,
    embeddingNorm: rule.boolean,
    encoder: rule.object,
    textPrefix: rule.oneOf('both-ways', 'causal'),
    head: rule.object,
    generation: rule.object,
    lora: rule.object,
    weights: rule.object,
  });
  requireKeys('model config', config, [
    'architecture',
    'imageSize',
    'width',
    'layers',
    'heads',
    'mlp',
    'vocabSize',
    'maxTextLength',
    'tokens',
    'patcher',
  ]);
  if (config.width % config.heads !== 0)
    throw invalid(`${config.heads} heads do not divide width ${config.width}`);
  checkTokens(config);
  if (typeof config.patcher.kind !== 'string') throw invalid('patcher needs a "kind" such as conv or linear');
  checkForm(config);
  checkPrefix(config);
  checkGeneration(config);
  if (config.lora) resolveLora(config.lora);
  if (config.weights) checkIntegerWeights(config.weights);
  return JSON.parse(JSON.stringify(config)) as SimVlmConfig;
}

function checkTokens({ tokens, vocabSize }: SimVlmConfig): void {
  const id = rule.integer(0, vocabSize - 1);
  checkOptions('model config: tokens', tokens, { pad: id, bos: id, eos: id, beyond: id });
  // Without an end token a model would learn and never stop.
  requireKeys('model config: tokens', tokens, ['pad', 'bos', 'eos']);
  // The start token may be the end token, as in GPT-2: it is read and never predicted.
  if (tokens.pad === tokens.eos) throw invalid('tokens pad and eos must be different ids');
}

function checkForm({ picture, imagePositions, block, head }: SimVlmConfig): void {
  if (picture)
    checkOptions('model config: picture', picture, {
      fit: rule.oneOf('crop', 'resize-crop', 'squash', 'pad'),
      filter: rule.oneOf('bilinear', 'bicubic'),
      mean: byChannel(0),
      std: byChannel(1e-6),
    });
  if (imagePositions)
    checkOptions('model config: imagePositions', imagePositions, {
      added: rule.boolean,
      relative: rule.boolean,
    });
  if (block)
    checkOptions('model config: block', block, {
      norm: rule.oneOf('before', 'after'),
      epsilon: rule.number(0, 1),
      activation: rule.oneOf('none', 'gelu', 'gelu-erf', 'quick-gelu'),
    });
  if (head)
    checkOptions('model config: head', head, {
      tied: rule.boolean,
      bias: rule.boolean,
      transform: rule.boolean,
    });
}

function checkGeneration({ generation, maxTextLength }: SimVlmConfig): void {
  if (!generation) return;
  checkOptions('model config: generation', generation, {
    maxLength: rule.integer(1, maxTextLength),
    sampler: rule.object,
    minLength: rule.integer(0, maxTextLength - 1),
    repetitionPenalty: above0(),
    noRepeatNgram: rule.integer(0),
  });
  const { minLength = 0, maxLength = maxTextLength } = generation;
  if (minLength > maxLength)
    throw invalid(`"generation": "minLength" ${minLength} is more than "maxLength" ${maxLength}`);
  if (generation.sampler) checkSampler(generation.sampler);
}

/** What the prefix is made of: each of the two architectures has its own words for it. */
function checkPrefix({ architecture, encoder, textPrefix, vocabSize }: SimVlmConfig): void {
  if (encoder) {
    if (architecture === 'decoder-only') throw invalid('"encoder" is for the encoder-decoder');
    const id = rule.integer(0, vocabSize - 1);
    checkOptions('model config: encoder', encoder, {
      kind: rule.oneOf('joint', 'none', 'question'),
      ...(encoder.kind === 'question' && { first: id, last: id }),
    });
    requireKeys('model config: encoder', encoder, ['kind']);
    if (encoder.kind === 'question') requireKeys('model config: encoder', encoder, ['first', 'last']);
  }
  if (textPrefix && architecture === 'encoder-decoder')
    throw invalid('"textPrefix" is for decoder-only; "encoder" says what the encoder-decoder does with it');
}

/** One number a colour, from `min` to 1. */
function byChannel(min: number): OptionRule {
  const number = rule.number(min, 1);
  return {
    expected: `three numbers from ${min} to 1`,
    accepts: value => Array.isArray(value) && value.length === 3 && value.every(number.accepts),
  };
}

function invalid(what: string): ConfigError {
  return new ConfigError('CONFIG_INVALID', `model config: ${what}`);
}

function requireKeys<T extends object>(where: string, options: T, keys: readonly (keyof T & string)[]): void {
  for (const key of keys)
    if (options[key] === undefined) throw new ConfigError('CONFIG_INVALID', `${where}: "${key}" is missing`);
}
