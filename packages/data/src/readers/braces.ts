import { ConfigError } from '@simvlm/core';

/** What a notation may stand for, at most: a mistyped range must not fill the memory. */
const MOST = 1_000_000;

/**
 * The names that a brace notation stands for, as in a shell: `{0000..0003}` counts and keeps leading zeros, `{a,b}` lists; several multiply,
 * and they nest. Braces that hold neither stay as they are.
 *
 * @throws ConfigError for more than a million names
 */
export function expandBraces(text: string): string[] {
  const begin = text.indexOf('{');
  const end = begin < 0 ? -1 : closing(text, begin);
  if (end < 0) return [text];
  const before = text.slice(0, begin);
  const options = optionsOf(text.slice(begin + 1, end));
  const after = expandBraces(text.slice(end + 1));
  checkCount(options.length * after.length, text);
  return options.flatMap(option => after.map(rest => before + option + rest));
}

/** The place of the brace that closes another one; -1 for none. */
function closing(text: string, begin: number): number {
  let depth = 0;
  for (let at = begin; at < text.length; at++) {
    if (text[at] === '{') depth++;
    if (text[at] === '}' && --depth === 0) return at;
  }
  return -1;
}

function optionsOf(inside: string): string[] {
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(inside) ?? [];
  if (first !== undefined) return numbers(first, last!);
  const items = splitList(inside);
  return items.length > 1 ? items.flatMap(expandBraces) : expandBraces(inside).map(text => `{${text}}`);
}

/** The items of a list; commas in inner braces are theirs. */
function splitList(inside: string): string[] {
  const items = [''];
  let depth = 0;
  for (const character of inside) {
    if (character === '{') depth++;
    if (character === '}') depth--;
    if (character === ',' && depth === 0) items.push('');
    else items[items.length - 1] += character;
  }
  return items;
}

function numbers(first: string, last: string): string[] {
  const [from, to] = [Number(first), Number(last)];
  checkCount(Math.abs(to - from) + 1, `{${first}..${last}}`);
  const isPadded = [first, last].some(text => text.length > 1 && text.startsWith('0'));
  const width = isPadded ? Math.max(first.length, last.length) : 0;
  const step = from <= to ? 1 : -1;
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, i) =>
    String(from + i * step).padStart(width, '0'),
  );
}

function checkCount(count: number, text: string): void {
  if (count > MOST)
    throw new ConfigError('CONFIG_INVALID', `${text} stands for more than ${MOST} names; shorten the range`);
}
