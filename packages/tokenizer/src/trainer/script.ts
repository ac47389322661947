/**
 * Goes with any script: the space at the beginning of a word, and marks that take the script of what they
 * stand on.
 */
export const ANY_SCRIPT = 0;
/** Digits, punctuation, symbols: what several scripts use. They make pieces among themselves. */
const COMMON = 1;
const OTHER = 2;

/**
 * Chinese characters and the Japanese syllabaries count as one script, as Japanese writes with all of them at
 * once.
 */
const SCRIPTS = [
  'Latin',
  'Han}\\p{Script=Hiragana}\\p{Script=Katakana',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Hangul',
  'Thai',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Telugu',
  'Kannada',
  'Malayalam',
  'Gujarati',
  'Gurmukhi',
  'Oriya',
  'Sinhala',
  'Lao',
  'Khmer',
  'Myanmar',
  'Tibetan',
  'Georgian',
  'Armenian',
  'Ethiopic',
  'Cherokee',
  'Mongolian',
  'Syriac',
  'Thaana',
];

/** Made when the first text is looked at: who loads a tokenizer to use it needs none of them. */
let patterns: readonly RegExp[] | undefined;

function scriptPatterns(): readonly RegExp[] {
  patterns ??= SCRIPTS.map(name => new RegExp(`[\\p{Script=${name}}]`, 'u'));
  return patterns;
}

/**
 * The script of a character as a number; a piece holds characters of one script only, as in the original.
 * Scripts that are not listed count as one.
 */
export function scriptOf(character: string): number {
  if (character === '\u2581' || /\p{Script=Inherited}/u.test(character)) return ANY_SCRIPT;
  // The long vowel sign is common by its property and Japanese by its use.
  if (character === '\u30fc') return scriptOf('\u30a2');
  if (/\p{Script=Common}/u.test(character)) return COMMON;
  const index = scriptPatterns().findIndex(script => script.test(character));
  return index < 0 ? OTHER : OTHER + 1 + index;
}

/** The script of a piece made of two parts; −1 when they do not go together. */
export function joinedScript(left: number, right: number): number {
  if (left === ANY_SCRIPT) return right;
  return right === ANY_SCRIPT || right === left ? left : -1;
}
