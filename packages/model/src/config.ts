import { ConfigError, checkOptions, type JsonValue, rule } from '@simvlm/core';
import { type LoraConfig, resolveLora } from './finetune/lora';

/** Everything that decides the shape of a model. Plain JSON. */
export interface SimVlmConfig {
  /** The paper's default is the encoder-decoder. */
  readonly architecture: 'encoder-decoder' | 'decoder-only';
  /** Side of the square input image in pixels. */
  readonly imageSize: number;
  /** D */
  readonly width: number;
  /** Blocks of the encoder and, as many, of the decoder; decoder-only: blocks of the one stack. */
  readonly layers: number;
  /** H, which divides D. */
  readonly heads: number;
  /** Width of the hidden layer of each MLP. */
  readonly mlp: number;
  /** V */
  readonly vocabSize: number;
  /** Text tokens at most, the end token included. */
  readonly maxTextLength: number;
  /** Ids that the model itself needs: what starts a text, ends it, and fills up. */
  readonly tokens: { readonly pad: number; readonly bos: number; readonly eos: number };
  /** Which patcher makes image tokens, by its registered name, and its options. */
  readonly patcher: { readonly kind: string; readonly [option: string]: JsonValue };
  /** Adapters of low rank beside linear maps, for fine-tuning: then they alone are trained. Default: none. */
  readonly lora?: LoraConfig;
}

/**
 * A checked copy.
 *
 * @throws ConfigError that names the key, what was given and what is allowed
 */
export function checkModelConfig(config: SimVlmConfig): SimVlmConfig {
  if (!rule.object.accepts(config))
    throw new ConfigError('CONFIG_INVALID', 'model config: it must be an object');
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
    lora: rule.object,
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
  if (config.width % config.heads !== 0) {
    throw new ConfigError(
      'CONFIG_INVALID',
      `model config: ${config.heads} heads do not divide width ${config.width}`,
    );
  }
  const { tokens, vocabSize } = config;
  const id = rule.integer(0, vocabSize - 1);
  checkOptions('model config: tokens', tokens, { pad: id, bos: id, eos: id });
  // Without an end token a model would learn and never stop.
  requireKeys('model config: tokens', tokens, ['pad', 'bos', 'eos']);
  if (new Set([tokens.pad, tokens.bos, tokens.eos]).size !== 3) {
    throw new ConfigError(
      'CONFIG_INVALID',
      'model config: tokens pad, bos and eos must be three different ids',
    );
  }
  if (typeof config.patcher.kind !== 'string') {
    throw new ConfigError('CONFIG_INVALID', 'model config: patcher needs a "kind" such as conv or linear');
  }
  if (config.lora) resolveLora(config.lora);
  return JSON.parse(JSON.stringify(config)) as SimVlmConfig;
}

function requireKeys<T extends object>(where: string, options: T, keys: readonly (keyof T & string)[]): void {
  for (const key of keys)
    if (options[key] === undefined) throw new ConfigError('CONFIG_INVALID', `${where}: "${key}" is missing`);
}
