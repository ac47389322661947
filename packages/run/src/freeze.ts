import { ConfigError, namePattern } from '@simvlm/core';

/**
 * What of a model is kept as it is in fine-tuning, by names that need no knowledge of its parameters:
 *
 * ```
 * vision       what sees: the patcher; of a vision Transformer not the map that leads to the text's width
 * text         all but the patcher
 * embeddings   tables of tokens and positions, with their norm
 * ```
 */
const parts: Readonly<Record<string, (name: string) => boolean>> = {
  vision: name => name.startsWith('patcher.') && !/^patcher\.out(_norm)?\./.test(name),
  text: name => !name.startsWith('patcher.'),
  embeddings: name => /^(encoder\.)?(embedding|positions)\./.test(name),
};

/**
 * The patterns of `optimizer.freeze` for parts of a model and for patterns of one's own.
 *
 * @param names those of all weights of the model
 * @throws ConfigError for what is neither a part nor a name
 */
export function frozenPatterns(asked: readonly string[], names: readonly string[]): string[] {
  return [...new Set(asked.flatMap(each => patternsOf(each, names)))];
}

function patternsOf(asked: string, names: readonly string[]): string[] {
  const isIn = Object.hasOwn(parts, asked) ? parts[asked] : undefined;
  const pattern = namePattern(asked);
  const frozen = names.filter(name => (isIn ? isIn(name) : pattern.test(name)));
  if (frozen.length === 0)
    throw new ConfigError(
      'CONFIG_INVALID',
      `--freeze ${JSON.stringify(asked)}: this model has no such part and no such parameter; give ${Object.keys(parts).join(', ')}, or names such as ${names[0]}, in which * stands for any characters`,
    );
  if (!isIn) return [asked];
  // As short as they can be: `decoder.*` where all of the decoder is frozen, else `patcher.blocks.*`, else the names.
  return [...new Set(frozen.map(name => shortest(name, isIn, names)))];
}

function shortest(name: string, isIn: (name: string) => boolean, names: readonly string[]): string {
  const words = name.split('.');
  for (let count = 1; count < words.length; count++) {
    const prefix = `${words.slice(0, count).join('.')}.`;
    if (names.every(other => !other.startsWith(prefix) || isIn(other))) return `${prefix}*`;
  }
  return name;
}

/** Where adapters go by default, less what is frozen. @throws ConfigError when nothing is left */
export function adapterTargets(frozen: readonly string[], names: readonly string[]): string[] {
  const patterns = frozen.map(namePattern);
  const targets = names.flatMap(name => {
    const [, first, map] = /^([^.]+)\..*\.(query|value)\.weight$/.exec(name) ?? [];
    return first === undefined || patterns.some(pattern => pattern.test(name)) ? [] : [`${first}.*.${map}`];
  });
  if (targets.length === 0)
    throw new ConfigError('CONFIG_INVALID', '--freeze leaves no attention that --lora could adapt');
  return [...new Set(targets)];
}
