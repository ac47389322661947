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
  const open = innermost(text);
  if (!open) return [text.replaceAll(OPEN, '{').replaceAll(CLOSE, '}')];
  const [begin, end] = open;
  const inside = text.slice(begin + 1, end);
  const names = optionsOf(inside).flatMap(option =>
    expandBraces(text.slice(0, begin) + option + text.slice(end + 1)),
  );
  checkCount(names.length, text);
  return names;
}

// Braces that stand for themselves, while the others are looked for: no text of a person holds these.
const OPEN = '\uE000';
const CLOSE = '\uE001';

/** The first pair of braces that holds no other one. */
function innermost(text: string): [number, number] | undefined {
  const end = text.indexOf('}');
  const begin = end < 0 ? -1 : text.lastIndexOf('{', end);
  return begin < 0 ? undefined : [begin, end];
}

function optionsOf(inside: string): string[] {
  const range = /^(\d+)\.\.(\d+)$/.exec(inside);
  if (range) return numbers(range[1]!, range[2]!);
  return inside.includes(',') ? inside.split(',') : [`${OPEN}${inside}${CLOSE}`];
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
