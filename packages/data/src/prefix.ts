import {
  ConfigError,
  checkOptions,
  type JsonValue,
  type Plugin,
  type PrefixSampler,
  rule,
} from '@simvlm/core';

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

/** The objectives as a plug-in: `prefix-lm`, `captioning`, `mixture`. */
export const dataPlugin: Plugin = {
  name: '@simvlm/data',
  setup(registry) {
    registry.register('objective', 'prefix-lm', options => without(options, 'prefix-lm', uniformPrefix));
    registry.register('objective', 'captioning', options => without(options, 'captioning', captionPrefix));
    registry.register('objective', 'mixture', options => {
      checkOptions('objective mixture', options, { captionProbability: rule.number(0, 1) });
      if (options.captionProbability === undefined) {
        throw new ConfigError(
          'CONFIG_INVALID',
          'objective mixture: "captionProbability" is missing; give a number from 0 to 1',
        );
      }
      return mixturePrefix(options.captionProbability as number);
    });
  },
};

function without(
  options: Readonly<Record<string, JsonValue>>,
  name: string,
  sampler: PrefixSampler,
): PrefixSampler {
  checkOptions(`objective ${name}`, options, {});
  return sampler;
}
