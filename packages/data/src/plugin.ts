import {
  ConfigError,
  checkOptions,
  type ObjectiveFactory,
  type Plugin,
  type PrefixSampler,
  rule,
} from '@simvlm/core';
import { captionPrefix, causalPrefix, mixturePrefix, prefixObjective, uniformPrefix } from './prefix';
import { checkSpanRates, spanCorruption } from './span-corruption';

/** The objectives as a plug-in: `prefix-lm`, `captioning`, `mixture`, `causal-lm`, `span-corruption`. */
export const dataPlugin: Plugin = {
  name: '@simvlm/data',
  setup(registry) {
    registry.register('objective', 'prefix-lm', splitting('prefix-lm', uniformPrefix));
    registry.register('objective', 'captioning', splitting('captioning', captionPrefix));
    registry.register('objective', 'causal-lm', splitting('causal-lm', causalPrefix));
    registry.register('objective', 'mixture', options => {
      checkOptions('objective mixture', options, { captionProbability: rule.number(0, 1) });
      if (options.captionProbability === undefined) {
        throw new ConfigError(
          'CONFIG_INVALID',
          'objective mixture: "captionProbability" is missing; give a number from 0 to 1',
        );
      }
      return prefixObjective(mixturePrefix(options.captionProbability as number));
    });
    registry.register('objective', 'span-corruption', (options, { tokenizer, maxTextLength }) => {
      checkSpanRates(options);
      const { sentinels = [], special } = tokenizer;
      return spanCorruption({ ...options, sentinels, eos: special.eos, maxTextLength });
    });
  },
};

function splitting(name: string, sampler: PrefixSampler): ObjectiveFactory {
  return options => {
    checkOptions(`objective ${name}`, options, {});
    return prefixObjective(sampler);
  };
}
