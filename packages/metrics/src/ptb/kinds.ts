import { BEFORE, BEFORE_NUMBERS, ENDING, SENTENCE_STARTS } from './abbreviations';

/** Letters of any script with their marks, and digits. */
const WORD = '[\\p{L}\\p{M}\\p{Nd}]';
const LETTER = '[\\p{L}\\p{M}]';
/** An apostrophe, typewriter's or printer's. */
const APOSTROPHE = "['\\u2019]";
const END = `(?!${WORD})`;

/** A kind of token: what it looks like where it begins, and, where it is not taken as it is, what it becomes. */
export interface Kind {
  readonly pattern: RegExp;
  readonly becomes?: (text: string) => string;
}

function kind(pattern: string | readonly string[], becomes?: Kind['becomes']): Kind {
  const source = typeof pattern === 'string' ? pattern : pattern.join('|');
  return { pattern: new RegExp(source, 'iuy'), ...(becomes && { becomes }) };
}

const BRACKETS: Readonly<Record<string, string>> = {
  '(': '-lrb-',
  ')': '-rrb-',
  '[': '-lsb-',
  ']': '-rsb-',
  '{': '-lcb-',
  '}': '-rcb-',
};
const bracketed = (text: string) => text.replace(/[()[\]{}]/g, mark => BRACKETS[mark]!);
const FRACTIONS: Readonly<Record<string, string>> = {
  '¼': '1/4',
  '½': '1/2',
  '¾': '3/4',
  '⅓': '1/3',
  '⅔': '2/3',
};

/** First halves of words that are two tokens: taken before any longer match. */
export const FIRST_HALVES: readonly Kind[] = [
  kind(`can(?=not${END})|gon(?=na${END})|got(?=ta${END})|gim(?=me${END})|lem(?=me${END})|wan(?=na${END})`),
  kind(`${WORD}+?(?=n${APOSTROPHE}t${END})`),
  kind(`${APOSTROPHE}t(?=(?:is|was)${END})`),
];

/** The longest match wins; of equal ones the first here. */
export const KINDS: readonly Kind[] = [
  // Markup, addresses, names of accounts.
  kind('</?[a-z][a-z0-9]*(?: [^<>\\n]{0,999})?/?>'),
  kind('(?:https?://|www\\.)[^\\s<>"|(){}]+[^\\s<>"|(){}.!?,;:\'-]'),
  kind('[a-z0-9][a-z0-9-]{0,62}(?:\\.[a-z0-9-]{1,63}){0,9}\\.(?:com|net|org|edu)(?![a-z0-9])'),
  kind('[a-z0-9._%+-]{1,64}@[a-z0-9][a-z0-9-]{0,62}(?:\\.[a-z0-9-]{1,63}){1,9}'),
  kind('[@#][a-z_][a-z_0-9]*'),
  // What follows a word and is a token of its own.
  kind([`${APOSTROPHE}(?:s|m|d|ll|re|ve)${END}`, `n${APOSTROPHE}t${END}`]),
  // Words with an apostrophe inside.
  kind([
    `${APOSTROPHE}n${APOSTROPHE}?${END}`,
    `[odl]${APOSTROPHE}${LETTER}+`,
    `y${APOSTROPHE}(?=all${END})`,
    `[a-z]+${APOSTROPHE}n${APOSTROPHE}[a-z]+`,
    `${APOSTROPHE}\\p{Nd}\\p{Nd}s?${END}`,
    `ma${APOSTROPHE}am${END}`,
    `(?:somethin|nothin|ol|runnin|goin|lookin)${APOSTROPHE}`,
  ]),
  kind(`${WORD}+(?:[.!?]${LETTER}${WORD}*)*`),
  kind(`(?:${WORD}+|[a-z]\\.)(?:[-_/]${WORD}+)+`),
  { pattern: /[A-Z]+(?:&[A-Z]+)+/uy },
  // Numbers.
  kind(`[-+]?\\p{Nd}*(?:[.:,]\\p{Nd}+)+|[-+]?\\p{Nd}+${END}`),
  kind('(?:\\p{Nd}{1,4}[ -])?\\p{Nd}{1,4}/\\p{Nd}{1,4}', text => text.replace(' ', '\u00a0')),
  kind('\\p{Nd}{1,2}[-/]\\p{Nd}{1,2}[-/]\\p{Nd}{2,4}|\\p{Nd}{4}[-/]\\p{Nd}{1,2}[-/]\\p{Nd}{1,2}'),
  kind('(?:\\(\\p{Nd}{3}\\) ?|\\p{Nd}{3}-)?\\p{Nd}{3}-\\p{Nd}{4}', text =>
    bracketed(text).replace(' ', '\u00a0'),
  ),
  kind('[a-z]{1,2}\\$(?=\\p{Nd})'),
  kind('[¼½¾⅓⅔]', text => FRACTIONS[text]!),
  // Abbreviations. Where a sentence ends, only the case of the next word tells.
  kind('(?:[a-z]\\.)+[a-z]\\.'),
  kind([BEFORE, ENDING].map(words => `(?:${words})\\.`)),
  kind(`(?:${BEFORE_NUMBERS})\\.(?=\\s*\\p{Nd})`),
  {
    pattern: new RegExp(
      `[a-zA-Z]\\.(?!\\s+(?:${SENTENCE_STARTS}|${SENTENCE_STARTS.toUpperCase()})${END})`,
      'uy',
    ),
  },
  // Marks.
  kind("[<>]?[:;=]['`]?[-o*']?[)\\](\\[dp/\\\\}{@|]", bracketed),
  kind('\\.{2,5}|(?:\\. ){2,}\\.|…', () => '...'),
  kind('-{2,}|[–—―]', () => '--'),
  kind('[?!]+'),
  kind('``|["“„]', () => '``'),
  kind("''|”", () => "''"),
  kind("['‘’`]", () => "'"),
  kind('[()[\\]{}]', bracketed),
  kind('£', () => '#'),
  kind('€', () => '$'),
  kind('&amp;', () => '&'),
];
