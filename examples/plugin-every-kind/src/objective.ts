import { checkOptions, type ObjectiveFactory, rule } from '@simvlm/core';

/**
 * Predicts the end of every text, and reads the rest as prefix.
 *
 * Options: `share` of the tokens that are predicted, rounded up; default a half.
 */
export const tailObjective: ObjectiveFactory = options => {
  checkOptions('tail objective', options, { share: rule.number(0, 1) });
  const share = (options.share as number | undefined) ?? 0.5;
  return (_, { tokens }) => ({
    tokens,
    // The end token at least is predicted.
    prefixLength: Math.min(Math.floor(tokens.length * (1 - share)), tokens.length - 1),
  });
};
