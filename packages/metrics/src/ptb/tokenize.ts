import { FIRST_HALVES, KINDS, type Kind } from './kinds';

/** What stands between tokens, but for the end of a line; emoji vanish. */
const NOTHING = /(?:(?!\n)[\s\p{C}]|(?![©®™])\p{Extended_Pictographic}|\p{Emoji_Modifier}|[\ufe0f\u20e3])+/uy;

/** What ends a line for the program, and would shift all later captions. */
const LINE_BREAKS = /[\r\n\v\f\u0085\u2028\u2029]+/g;

/** Marks that the caption metrics of COCO leave out; they are compared after lower-casing, so that brackets stay. */
const LEFT_OUT = new Set(["''", "'", '``', '`', '.', '?', '!', ',', ':', '-', '--', '...', ';']);

/**
 * The tokens of lines as Stanford's PTBTokenizer 3.4.1 gives them with `-preserveLines -lowerCase`. Whether the dot after a single letter at the end of
 * a line is a mark of its own depends on how the next line begins, there and here.
 *
 * @param lines captions; a line break in one counts as a space
 * @returns the tokens of each line
 */
export function ptbTokens(lines: readonly string[]): string[][] {
  const text = lines.map(line => line.replace(LINE_BREAKS, ' ')).join('\n');
  const tokens: string[][] = [[]];
  for (let at = 0; at < text.length; ) {
    if (text[at] === '\n') {
      tokens.push([]);
      at++;
      continue;
    }
    const gap = matched(NOTHING, text, at);
    if (gap !== undefined) {
      at += gap.length;
      continue;
    }
    const { token, length } = tokenAt(text, at);
    tokens.at(-1)!.push(token.toLowerCase().replaceAll('\u2019', "'"));
    at += length;
  }
  return tokens;
}

/**
 * What the caption metrics of COCO compare: the tokens of captions without punctuation marks, joined by spaces.
 *
 * @param captions in the order in which the official program would read them; see `ptbTokens`
 */
export function captionTokens(captions: readonly string[]): string[] {
  return ptbTokens(captions).map(tokens => tokens.filter(token => !LEFT_OUT.has(token)).join(' '));
}

/** Most words are small letters between spaces, and need no pattern. */
const PLAIN = /[a-z]+(?= )/y;
const TWO_TOKENS = /^(?:cannot|gonna|gotta|gimme|lemme|wanna)$/;

function tokenAt(text: string, at: number): { token: string; length: number } {
  const plain = matched(PLAIN, text, at);
  if (plain !== undefined && !TWO_TOKENS.test(plain)) return { token: plain, length: plain.length };
  for (const { pattern } of FIRST_HALVES) {
    const token = matched(pattern, text, at);
    if (token !== undefined) return { token, length: token.length };
  }
  // A sign that is nothing else is a token.
  let longest = String.fromCodePoint(text.codePointAt(at)!);
  let kind: Kind | undefined;
  for (const each of KINDS) {
    const token = matched(each.pattern, text, at);
    if (token === undefined || token.length < longest.length || (kind && token.length === longest.length))
      continue;
    longest = token;
    kind = each;
  }
  return { token: kind?.becomes?.(longest) ?? longest, length: longest.length };
}

function matched(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
