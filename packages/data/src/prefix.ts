import type { Objective, PrefixSampler } from '@simvlm/core';

/**
 * The paper's prefix (section 3.1): T_p uniform, once per example and step. With an image the text prefix has 0 to
 * textLength − 1 tokens (the image is always in the prefix); without one 1 to textLength − 1, so that there is a prefix at
 * all, unless the text has a single token.
 */
export const uniformPrefix: PrefixSampler = (random, { textLength, hasImage }) => {
  const least = hasImage || textLength < 2 ? 0 : 1;
  return least + random.integer(textLength - least);
};

/** The prefix is the image alone: pure captioning. Text-only documents keep the uniform prefix. */
export const captionPrefix: PrefixSampler = (random, example) =>
  example.hasImage ? 0 : uniformPrefix(random, example);

/** Captioning with this probability, else the uniform prefix. */
export function mixturePrefix(captionProbability: number): PrefixSampler {
  return (random, example) =>
    (random.uniform() < captionProbability ? captionPrefix : uniformPrefix)(random, example);
}

/**
 * The prefix is the image alone, and for a document nothing at all: plain language modelling, the paper's ablation. The tokens of an
 * image still see one another, as they are given and not predicted.
 */
export const causalPrefix: PrefixSampler = () => 0;

/** The objective that leaves a text as it is and splits it where `sampler` says. */
export function prefixObjective(sampler: PrefixSampler): Objective {
  return (random, { tokens, hasImage }) => ({
    tokens,
    prefixLength: sampler(random, { textLength: tokens.length, hasImage }),
  });
}
