import { ConfigError, namePattern, type ParameterTree } from '@simvlm/core';

/**
 * The parameters that are trained: all but those whose name one of the patterns matches.
 *
 * @param freeze whole names, in which `*` stands for any characters: `patcher.*`, `encoder.*.relative_bias`
 * @throws ConfigError when a pattern matches nothing (a slip that would train what was to stay), or when nothing is left
 */
export function trainable<T>(params: ParameterTree<T>, freeze: readonly string[]): ParameterTree<T> {
  if (freeze.length === 0) return params;
  const patterns = freeze.map(namePattern);
  for (const [i, pattern] of patterns.entries()) {
    if (!params.names().some(name => pattern.test(name)))
      throw new ConfigError(
        'CONFIG_INVALID',
        `train config: "freeze": no parameter matches "${freeze[i]}"; names are such as ${params.names()[0]}`,
      );
  }
  const rest = params.filter(name => !patterns.some(pattern => pattern.test(name)));
  if (rest.size === 0)
    throw new ConfigError('CONFIG_INVALID', 'train config: "freeze" leaves no parameter to train');
  return rest;
}
