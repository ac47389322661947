import type { Learner } from '@simvlm/core';
import { ConfigError, namePattern } from '@simvlm/core';
import type { ParameterGroup, ResolvedTrainConfig } from './config';

/** What a parameter has of its own, beside the optimiser's options. */
export interface ParameterRate {
  /** Multiplies the learning rate. */
  readonly learningRate: number;
  /** Decoupled weight decay, where the parameter is a weight matrix. */
  readonly weightDecay: number;
}

/**
 * The rates of each parameter. Layer-wise decay of the learning rate (ELECTRA, Clark et al., 2020; BEiT, Bao et al., 2022): what lies deeper,
 * and is more general, is changed less by fine-tuning, so that the factor is `layerDecay` to the power of the blocks above. The first group
 * that matches a parameter multiplies that, and replaces its weight decay.
 *
 * @throws ConfigError when a group matches no parameter
 */
export function parameterRates(
  learner: Pick<Learner, 'params' | 'blocksAbove'>,
  { layerDecay, weightDecay, groups }: Pick<ResolvedTrainConfig, 'layerDecay' | 'weightDecay' | 'groups'>,
): ReadonlyMap<string, ParameterRate> {
  const names = learner.params.names();
  const members = groups.map(group => membersOf(group, names));
  return new Map(
    names.map(name => {
      const group = groups[members.findIndex(each => each.has(name))];
      return [
        name,
        {
          learningRate: layerDecay ** (learner.blocksAbove?.(name) ?? 0) * (group?.learningRate ?? 1),
          weightDecay: group?.weightDecay ?? weightDecay,
        },
      ];
    }),
  );
}

function membersOf({ match }: ParameterGroup, names: readonly string[]): ReadonlySet<string> {
  const members = new Set<string>();
  for (const text of match) {
    const pattern = namePattern(text);
    const matching = names.filter(name => pattern.test(name));
    if (matching.length === 0)
      throw new ConfigError(
        'CONFIG_INVALID',
        `train config: "groups": no parameter matches "${text}"; names are such as ${names[0]}`,
      );
    for (const name of matching) members.add(name);
  }
  return members;
}
