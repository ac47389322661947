import { ConfigError, checkOptions, type JsonValue, rule, runName } from '@simvlm/core';
import { type Augmentation, augmentations } from '@simvlm/image';
import type { Precision } from '@simvlm/runtime';

/** Everything that a training run depends on: a JSON file for `simvlm train`, part of every checkpoint. */
export interface RunConfig {
  /** The folder in `runs/`: see `runName`. */
  name: string;
  /** Every random draw of the run follows from it. */
  seed: number;
  /** The name of a preset, or a whole model configuration without `vocabSize` (the tokenizer gives it). */
  model: string | Record<string, JsonValue>;
  data: {
    /** `emoji`, or a folder that holds `captions.jsonl`. */
    train: string;
    /** With `emoji`: also the pictures of further artists, see `@simvlm/dataset-emoji`; default false. */
    furtherArtists?: boolean;
    /** A folder for validation; for `emoji` its own validation split. */
    val?: string;
    /** Text-only documents: a text file, one document a line; for `emoji` WordNet glosses. */
    documents?: string;
  };
  /** `sentinels`: pieces for `span-corruption` beside `vocabSize` (default none; T5 has 100). */
  tokenizer: { vocabSize: number; model?: string; sentinels?: number };
  objective: { kind: string; [option: string]: JsonValue };
  /** Examples of each kind in a step, as in the paper's 4,096 pairs : 512 documents. */
  batch: { imageText: number; textOnly: number };
  /** How training pictures are varied: see `augmentations` of `@simvlm/vision-patcher`. */
  augment: Augmentation;
  optimizer: {
    learningRate: number;
    weightDecay: number;
    /** Below 1 a share of all steps, from 1 on a number of steps. */
    warmup: number;
    schedule: 'linear' | 'cosine' | 'constant';
    clip: number;
    labelSmoothing: number;
    /** For fine-tuning: see `TrainConfig` of `@simvlm/trainer`. */
    layerDecay?: number;
    freeze?: string[];
    emaDecay?: number;
    dropout?: number;
    stochasticDepth?: number;
    /** Saves memory for time. */
    checkpointBlocks?: boolean;
    /** Records a step and replays it: less time a step on backend native. */
    captureSteps?: boolean;
    /** Batches whose gradients make a step. */
    accumulate?: number;
    /** Between several processes: what gradients travel as, and whether each keeps the moments of its share alone. */
    gradientPrecision?: Precision;
    shardOptimizer?: boolean;
  };
  /**
   * How exactly the training computes; `--precision` goes before it. The weights of a checkpoint are float32 all the same, and it can be
   * resumed and used in any precision.
   */
  precision: Precision;
  /** Trains adapters of low rank beside the weights that `--init` gives: see `LoraConfig` of `@simvlm/model`. */
  lora?: { rank: number; alpha?: number; targets?: string[] };
  /** How long: give one of the two. */
  minutes?: number;
  steps?: number;
  /** Seconds between two checkpoints; 0: one after each step. */
  checkpointSeconds: number;
  /** Modules whose default export is a plug-in: packages, or files that begin with `./`, `../` or `/`. */
  plugins?: string[];
}

/**
 * The demo: `simvlm demo`. SimVLM's encoder-decoder with a three-stage conv stage on a small scale (`emoji-tiny`), the paper's mix of
 * pairs and documents, five minutes. What it reaches, and on which machine, is in docs/demo.md.
 */
export const demoConfig: RunConfig = {
  name: 'demo',
  seed: 1,
  model: 'emoji-tiny',
  data: { train: 'emoji' },
  tokenizer: { vocabSize: 1500 },
  // Three of four pairs are pure captioning, so that most of the few minutes go to what is shown.
  objective: { kind: 'mixture', captionProbability: 0.75 },
  // The paper has 8 pairs to a document. A document here has four times the tokens of a caption: at 15 : 1 a quarter of the loss
  // is on documents, at 7 : 1 it would be two fifths, and the choice among 20 after 1,000 steps 28.7 instead of 32.1 % (val).
  batch: { imageText: 60, textOnly: 4 },
  augment: 'drawing',
  optimizer: {
    learningRate: 2e-3,
    weightDecay: 0.01,
    // In steps, because a run of minutes does not know at first how many it will take.
    warmup: 100,
    schedule: 'cosine',
    clip: 1,
    labelSmoothing: 0.05,
  },
  precision: 'float32',
  minutes: 5,
  checkpointSeconds: 120,
};

const rules = {
  name: runName,
  seed: rule.integer(0),
  model: {
    expected: 'a preset name or a model configuration',
    accepts: (v: unknown) => typeof v === 'string' || rule.object.accepts(v),
  },
  data: rule.object,
  tokenizer: rule.object,
  objective: rule.object,
  batch: rule.object,
  augment: rule.oneOf(...augmentations),
  plugins: rule.strings,
  optimizer: rule.object,
  precision: rule.oneOf('float32', 'bfloat16'),
  lora: rule.object,
  minutes: rule.number(0.01),
  steps: rule.integer(1),
  checkpointSeconds: rule.number(0),
};

const partRules = {
  data: { train: rule.string, furtherArtists: rule.boolean, val: rule.string, documents: rule.string },
  tokenizer: {
    vocabSize: rule.integer(16, 1_000_000),
    model: rule.string,
    sentinels: rule.integer(0, 10_000),
  },
  batch: { imageText: rule.integer(0, 65_536), textOnly: rule.integer(0, 65_536) },
  optimizer: {
    learningRate: rule.number(0, 1),
    weightDecay: rule.number(0, 1),
    warmup: rule.number(0),
    schedule: rule.oneOf('linear', 'cosine', 'constant'),
    clip: rule.number(0),
    labelSmoothing: rule.number(0, 0.999),
    layerDecay: rule.number(0, 1),
    freeze: rule.strings,
    emaDecay: rule.number(0, 1),
    dropout: rule.number(0, 1),
    stochasticDepth: rule.number(0, 1),
    checkpointBlocks: rule.boolean,
    captureSteps: rule.boolean,
    accumulate: rule.integer(1),
    gradientPrecision: rule.oneOf('float32', 'bfloat16'),
    shardOptimizer: rule.boolean,
  },
  lora: { rank: rule.integer(1, 65_536), alpha: rule.number(0), targets: rule.strings },
};

/**
 * The demo's values under those of `given`, checked key by key.
 *
 * @throws ConfigError that names the key, what was given and what is allowed
 */
export function resolveRunConfig(given: Record<string, JsonValue>, where = 'run config'): RunConfig {
  checkOptions(where, given, rules);
  const merged = { ...demoConfig, ...given } as unknown as Record<string, JsonValue>;
  for (const [part, allowed] of Object.entries(partRules)) {
    const value = (given[part] ?? {}) as Record<string, JsonValue>;
    checkOptions(`${where}: ${part}`, value, allowed);
    // Another data set has nothing to do with the demo's folders, and the demo has no adapters; the other parts are filled up.
    if (part !== 'data' && part !== 'lora')
      merged[part] = { ...(demoConfig[part as keyof RunConfig] as object), ...value };
  }
  if (given.objective !== undefined && typeof (given.objective as { kind?: JsonValue }).kind !== 'string') {
    throw new ConfigError(
      'CONFIG_INVALID',
      `${where}: objective needs a "kind" such as prefix-lm, captioning, mixture, causal-lm or span-corruption`,
    );
  }
  if (given.steps !== undefined && given.minutes !== undefined) {
    throw new ConfigError('CONFIG_INVALID', `${where}: give "steps" or "minutes", not both`);
  }
  if (given.steps !== undefined) merged.minutes = undefined as never;
  const config = JSON.parse(JSON.stringify(merged)) as RunConfig;
  if (typeof config.data.train !== 'string')
    throw new ConfigError('CONFIG_INVALID', `${where}: data.train must name "emoji" or a folder`);
  if (config.data.furtherArtists !== undefined && config.data.train !== 'emoji')
    throw new ConfigError('CONFIG_INVALID', `${where}: data.furtherArtists is for "train": "emoji"`);
  if (config.batch.imageText + config.batch.textOnly === 0) {
    throw new ConfigError(
      'CONFIG_INVALID',
      `${where}: batch.imageText and batch.textOnly are both 0; a step needs examples`,
    );
  }
  return config;
}

export function applyOverrides(
  config: Record<string, JsonValue>,
  overrides: readonly string[],
): Record<string, JsonValue> {
  const result = structuredClone(config);
  for (const pair of overrides) {
    const at = pair.indexOf('=');
    if (at < 1) throw new ConfigError('CONFIG_INVALID', `--set takes key=value, got "${pair}"`);
    const path = pair.slice(0, at).split('.');
    const last = path.pop()!;
    let target = result;
    for (const key of path) target = ownObject(target, key);
    setOwn(target, last, parseValue(pair.slice(at + 1)));
    if (pair.startsWith('steps=')) delete result.minutes;
    if (pair.startsWith('minutes=')) delete result.steps;
  }
  return result;
}

/** The object that `key` holds, made where there is none. What every object inherits, such as "constructor", does not count. */
function ownObject(target: Record<string, JsonValue>, key: string): Record<string, JsonValue> {
  if (!Object.hasOwn(target, key) || !rule.object.accepts(target[key])) setOwn(target, key, {});
  return Object.getOwnPropertyDescriptor(target, key)!.value as Record<string, JsonValue>;
}

/** An assignment to "__proto__" would change what the object inherits, and with a dotted key all objects. */
function setOwn(target: Record<string, JsonValue>, key: string, value: JsonValue): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function parseValue(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
