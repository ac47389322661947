import { ConfigError, checkOptions, type Metric, type OptionRule, rule } from '@simvlm/core';
import type { EarlyStopping } from './evaluation/early-stopping';
import { MIN_LOSSES, SPIKES, type SpikeRule } from './spikes/spikes';

/** What some parameters have of their own. */
export interface ParameterGroup {
  /** Names of parameters, in which `*` stands for any characters: `patcher.*`. */
  readonly match: readonly string[];
  /** The learning rate is multiplied by it, beside what `layerDecay` does; default 1. */
  readonly learningRate?: number;
  /** Weight decay of the weight matrices among them; default: that of all. */
  readonly weightDecay?: number;
}

/** How to train. Give one of `steps`, `epochs` and `minutes`. */
export interface TrainConfig {
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Decoupled weight decay of weight matrices; default 0.01. */
  readonly weightDecay?: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Limit of the global gradient norm; 0 for none; default 1. */
  readonly clip?: number;
  /** Warm-up from 0: below 1 a share of all steps (the paper: 0.02), from 1 on a number of steps; default 0.02. */
  readonly warmup?: number;
  /** What follows the warm-up; `linear` (the paper's) and `cosine` go down to 0. Default `linear`. */
  readonly schedule?: 'linear' | 'cosine' | 'constant';
  /**
   * Layer-wise decay of the learning rate, above 0 and at most 1, for fine-tuning: a parameter's is multiplied by it once for each block
   * above; see `parameterRates`. Default 1: all alike.
   */
  readonly layerDecay?: number;
  /** Rates of some parameters; the first group that matches a parameter counts. Default none. */
  readonly groups?: readonly ParameterGroup[];
  /**
   * Parameters that stay as they are, by name: `*` stands for any characters (`patcher.*`). They have no moments, and their gradients are
   * neither computed nor part of the norm. Default none.
   */
  readonly freeze?: readonly string[];
  /**
   * Keeps an exponential moving average of the weights, at least 0 and below 1; default none. It is what a checkpoint gives to those who use the
   * learner, and what the learner has after the training; the weights in training are kept beside it, for the resume.
   */
  readonly emaDecay?: number;
  /** Seed of what is dropped at random (dropout, stochastic depth): with the step it is all that this depends on. Default 0. */
  readonly seed?: number;
  /** Batches whose gradients make one step; default 1. */
  readonly accumulate?: number;
  /**
   * Records a step once and replays it (CUDA graphs): less work for the processor, the same numbers but for the order of sums. All
   * batches are padded to full length. Needs a backend that overwrites its tensors: `native`, or
   * `webgpu`, which records nothing and only updates the weights in place. Of several processes each records its forward and backward
   * pass. Default false.
   */
  readonly captureSteps?: boolean;
  /**
   * What gradients travel as between several processes; default `float32`. `bfloat16` halves the bytes, and rounds: see `AllReduceOptions`.
   */
  readonly gradientPrecision?: 'float32' | 'bfloat16';
  /**
   * Of several processes each keeps AdamW's moments for its share of the parameters only (ZeRO, stage 1), changes these, and sends them to
   * the others: the same numbers, with 8 bytes of memory a parameter divided by the number of processes. Checkpoints have all of it, and
   * fit any number of processes. Default false.
   */
  readonly shardOptimizer?: boolean;
  /** Optimiser steps in all. */
  readonly steps?: number;
  /** Passes through the training data instead, parts of one too; the batches must say how many of them make one. */
  readonly epochs?: number;
  /**
   * A time budget instead: the run ends when it is over, and the schedule follows an estimate of the number of steps that is made
   * anew after each. Needs a warm-up of at least `ESTIMATE_STEPS` steps.
   */
  readonly minutes?: number;
  /** Seconds between checkpoints; default 300. */
  readonly checkpointSeconds?: number;
  /** Steps between checkpoints; default none. */
  readonly checkpointSteps?: number;
  /** Steps between evaluations, where there are evaluators; default none. The last step is evaluated anyway. */
  readonly evaluateSteps?: number;
  /** Seconds of training between evaluations; default none. */
  readonly evaluateSeconds?: number;
  /** The metric that says which step is the best, such as `val/loss`: a checkpoint is written at each new best. Default none. */
  readonly best?: Metric;
  /** Ends the run when `best` no longer gets better; default never. */
  readonly earlyStopping?: EarlyStopping;
  /** What is done about losses far above their course; default: a warning. */
  readonly spikes?: SpikeRule;
  /**
   * A warning comes when exchanging the images of a batch costs less than this share of the loss, as `validationLoss` measures it: the model
   * does not use its images. Default 0.01; 0: only when it costs nothing.
   */
  readonly imageUse?: number;
}

export type ResolvedTrainConfig = Required<Omit<TrainConfig, Optional | 'spikes'>> &
  Pick<TrainConfig, Optional> & { readonly spikes: Required<SpikeRule> };

type Optional =
  | 'steps'
  | 'epochs'
  | 'minutes'
  | 'checkpointSteps'
  | 'emaDecay'
  | 'evaluateSteps'
  | 'evaluateSeconds'
  | 'best'
  | 'earlyStopping';

const namePatterns: OptionRule = {
  expected: 'a list of names, in which * stands for any characters',
  accepts: value => Array.isArray(value) && value.every(name => typeof name === 'string'),
};

const above0: OptionRule = {
  expected: 'a number above 0',
  accepts: value => typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY,
};

const belowOne: OptionRule = {
  expected: 'a number from 0 to below 1',
  accepts: value => typeof value === 'number' && value >= 0 && value < 1,
};

/** Steps whose mean time says how many more fit into a time budget. */
export const ESTIMATE_STEPS = 40;

/**
 * Checked, with defaults.
 *
 * @throws ConfigError that names the key, what was given and what is allowed
 */
export function resolveTrainConfig(config: TrainConfig): ResolvedTrainConfig {
  checkOptions('train config', config, {
    learningRate: rule.number(0),
    weightDecay: rule.number(0),
    beta1: rule.number(0, 0.999999),
    beta2: rule.number(0, 0.999999),
    epsilon: rule.number(0),
    clip: rule.number(0),
    warmup: rule.number(0),
    schedule: rule.oneOf('linear', 'cosine', 'constant'),
    groups: {
      expected: 'a list of groups such as {"match": ["patcher.*"], "learningRate": 0.1}',
      accepts: Array.isArray,
    },
    layerDecay: {
      expected: 'a number above 0 and at most 1',
      accepts: value => typeof value === 'number' && value > 0 && value <= 1,
    },
    freeze: namePatterns,
    emaDecay: belowOne,
    seed: rule.integer(0),
    accumulate: rule.integer(1),
    captureSteps: rule.boolean,
    gradientPrecision: rule.oneOf('float32', 'bfloat16'),
    shardOptimizer: rule.boolean,
    steps: rule.integer(1),
    epochs: above0,
    minutes: rule.number(0),
    checkpointSeconds: rule.number(0),
    checkpointSteps: rule.integer(1),
    evaluateSteps: rule.integer(1),
    evaluateSeconds: rule.number(0),
    best: rule.object,
    earlyStopping: rule.object,
    spikes: rule.object,
    imageUse: rule.number(0),
  });
  if (config.learningRate === undefined)
    throw new ConfigError('CONFIG_INVALID', 'train config: "learningRate" is missing');
  const { steps, epochs, minutes } = config;
  if ([steps, epochs, minutes].filter(length => length !== undefined).length !== 1)
    throw new ConfigError(
      'CONFIG_INVALID',
      'train config: give "steps", "epochs" or "minutes", one of the three',
    );
  for (const [i, group] of (config.groups ?? []).entries()) checkGroup(`train config: groups[${i}]`, group);
  const resolved = {
    weightDecay: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    clip: 1,
    warmup: 0.02,
    schedule: 'linear' as const,
    layerDecay: 1,
    groups: [],
    freeze: [],
    seed: 0,
    accumulate: 1,
    captureSteps: false,
    gradientPrecision: 'float32' as const,
    shardOptimizer: false,
    checkpointSeconds: 300,
    imageUse: 0.01,
    // An option given as undefined is one not given: it must not take the default's place.
    ...(Object.fromEntries(
      Object.entries(config).filter(([, value]) => value !== undefined),
    ) as unknown as TrainConfig),
    spikes: { ...SPIKES, ...config.spikes },
  };
  checkWatch(config);
  if (config.minutes !== undefined && resolved.warmup < ESTIMATE_STEPS) {
    throw new ConfigError(
      'CONFIG_INVALID',
      `train config: a run of "minutes" needs a warmup of ${ESTIMATE_STEPS} steps or more, got ${resolved.warmup}`,
    );
  }
  return resolved;
}

/** @throws ConfigError for rules of evaluations and spikes that are none */
function checkWatch({ best, earlyStopping, spikes = {}, captureSteps }: TrainConfig): void {
  if (best) {
    checkOptions('train config: best', best, { name: rule.string, better: rule.oneOf('lower', 'higher') });
    if (best.name === undefined || best.better === undefined)
      throw new ConfigError('CONFIG_INVALID', 'train config: "best" needs "name" and "better"');
  }
  if (earlyStopping) {
    const rules = { patience: rule.integer(1), minDelta: rule.number(0) };
    checkOptions('train config: earlyStopping', earlyStopping, rules);
    if (earlyStopping.patience === undefined || !best)
      throw new ConfigError(
        'CONFIG_INVALID',
        `train config: "earlyStopping" needs ${best ? '"patience"' : '"best", the metric that it follows'}`,
      );
  }
  checkOptions('train config: spikes', spikes, {
    action: rule.oneOf('warn', 'skip', 'rollback'),
    deviations: above0,
    window: rule.integer(MIN_LOSSES),
    limit: rule.integer(1),
  });
  if (spikes.action === 'skip' && captureSteps)
    throw new ConfigError(
      'CONFIG_INVALID',
      'train config: "captureSteps" and the action "skip" of "spikes" exclude each other: a recorded step is taken before its loss is known; use "rollback"',
    );
}

function checkGroup(where: string, group: ParameterGroup): void {
  if (!rule.object.accepts(group) || group.match === undefined || group.match.length === 0)
    throw new ConfigError('CONFIG_INVALID', `${where} needs "match", a list of names of parameters`);
  checkOptions(where, group, {
    match: namePatterns,
    learningRate: rule.number(0),
    weightDecay: rule.number(0),
  });
}
