import { ConfigError, type Tokenizer } from '@simvlm/core';
import { textTokens } from '@simvlm/data';

/** A prompt with a place for the name of a class: `a picture of {}`. */
export interface Template {
  /** What stands before the name: the text prefix, which is not scored. */
  readonly prefix: string;
  /** What follows the name, scored with it. */
  readonly rest: string;
}

/** @throws ConfigError unless there is one `{}` */
export function templateOf(text: string): Template {
  const parts = text.split('{}');
  if (parts.length !== 2)
    throw new ConfigError(
      'CONFIG_INVALID',
      `evaluator prompts: a template has one {} for the class, as in "a picture of {}"; got ${JSON.stringify(text)}`,
    );
  return { prefix: parts[0]!.trim(), rest: parts[1]! };
}

/** The name of a class as words: `animal-bug` is `animal bug`. */
export function wordsOf(name: string): string {
  return name.replace(/[-_]+/g, ' ').trim();
}

/**
 * The tokens that are scored of a class: its words, what follows them, and the end.
 *
 * @param room tokens at most; what is longer loses its tail
 */
export function classTokens(
  words: string,
  { rest }: Template,
  tokenizer: Tokenizer,
  room: number,
): Int32Array {
  return textTokens(`${words}${rest}`, tokenizer, room);
}
