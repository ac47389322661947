import { checkOptions, type OptionRule, rule } from '@simvlm/core';
import type { DropRates } from '../finetune/drop';

/** How a learner's training passes through the model; each is off by default. */
export interface LearnerOptions extends Partial<DropRates> {
  /** Share of the target spread over the vocabulary, or over the classes, 0 to 1; default 0. */
  readonly labelSmoothing?: number;
  /**
   * Saves memory for time: nothing of the inside of a Transformer block is kept for the backward pass, which computes it once more. The
   * gradients are the same. Default false.
   */
  readonly checkpointBlocks?: boolean;
}

const belowOne: OptionRule = {
  expected: 'a number from 0 to below 1',
  accepts: value => typeof value === 'number' && value >= 0 && value < 1,
};

/**
 * Checked, with defaults.
 *
 * @param where names the learner in messages
 * @throws ConfigError that names the key, what was given and what is allowed
 */
export function resolveLearnerOptions(where: string, options: LearnerOptions) {
  checkOptions(where, options, {
    dropout: belowOne,
    stochasticDepth: belowOne,
    labelSmoothing: rule.number(0, 1),
    checkpointBlocks: rule.boolean,
  });
  const { dropout = 0, stochasticDepth = 0, labelSmoothing = 0, checkpointBlocks = false } = options;
  return { dropout, stochasticDepth, labelSmoothing, checkpointBlocks };
}
