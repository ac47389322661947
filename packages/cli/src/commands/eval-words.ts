import { ConfigError, type JsonValue, parseJsonObject } from '@simvlm/core';
import type { Named, SourceConfig } from '@simvlm/run';
import { checkSource } from '@simvlm/run';
import { sourceConfig } from './data-open';
import type { SourceOptions } from './data-source';

/** The sources that the words of `simvlm eval` name. */
export interface EvalSources {
  /** The embedded data set is among them. */
  readonly emoji: boolean;
  readonly sources: readonly Exclude<SourceConfig, string>[];
}

/**
 * `emoji`, sources as JSON, each for itself, and paths, which are one source together.
 *
 * @throws ConfigError for JSON that names no source, for options of a source that none of them takes, and for emoji beside paths
 */
export function evalSources(words: readonly string[], options: SourceOptions): EvalSources {
  const json = words.filter(isObject);
  const emoji = words.includes('emoji');
  const paths = words.filter(word => !isObject(word) && word !== 'emoji');
  if (emoji && paths.length > 0)
    throw invalid('emoji does not go with other data: simvlm eval emoji; --checkpoint names the model');
  const { format, images, annotations, map, split } = options;
  const unused = { format, images, annotations, map, ...(!emoji && { split }) };
  if (paths.length === 0)
    for (const [name, value] of Object.entries(unused))
      if (value !== undefined)
        throw invalid(`--${name} is for a file or a folder; write it into the JSON of the source`);
  const given = json.map(
    word => checkSource(parsed(word, 'source'), 'source') as Exclude<SourceConfig, string>,
  );
  return { emoji, sources: [...(paths.length > 0 ? [sourceConfig(paths, options)] : []), ...given] };
}

/**
 * A part of a plug-in kind by its name, or as `{"kind": NAME, …}` with its options.
 *
 * @param option for messages
 */
export function namedPart(text: string, option: string): Named {
  if (!isObject(text)) return { kind: text };
  const { kind, ...options } = parsed(text, option) as Record<string, JsonValue>;
  if (typeof kind !== 'string') throw invalid(`${option}: give a name, or {"kind": NAME, …} with options`);
  return { ...options, kind };
}

function parsed(text: string, where: string): Readonly<Record<string, unknown>> {
  return parseJsonObject(text, where, invalid);
}

function isObject(word: string): boolean {
  return word.trimStart().startsWith('{');
}

function invalid(message: string): ConfigError {
  return new ConfigError('CONFIG_INVALID', message);
}
