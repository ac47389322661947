/** Letters, and letters and digits, as METEOR counts them: Latin with accents and Cyrillic. */
const ALPHA = 'A-Za-zŠŽšžŸÀ-ÖØ-öø-žЀ-ӿԀ-ԧꙀ-ꙮ꙾-ꚗᴀ-ᵿ';
const ALNUM = `0-9${ALPHA}`;

/** Separates marks and contractions, in this order. */
const STEPS: readonly (readonly [pattern: RegExp, becomes: string])[] = [
  [new RegExp(`([^${ALNUM}\\s.'\`,\\-‘’])`, 'g'), ' $1 '],
  // Commas, but for those inside numbers.
  [/(\D),(\D)/g, '$1 , $2'],
  [/(\d),(\D)/g, '$1 , $2'],
  [/(\D),(\d)/g, '$1 , $2'],
  [/[`‘’]/g, "'"],
  [/[“”]|''/g, ' " '],
  [/–|--/g, '-'],
  // A system that leaves a hyphen out earns something too.
  [new RegExp(`([${ALNUM}.])-([${ALNUM}])`, 'g'), '$1 $2'],
  [new RegExp(`([^${ALPHA}])'([^${ALPHA}])`, 'g'), "$1 ' $2"],
  [new RegExp(`([^${ALPHA}0-9])'([${ALPHA}])`, 'g'), "$1 ' $2"],
  [new RegExp(`([${ALPHA}])'([^${ALPHA}])`, 'g'), "$1 ' $2"],
  [new RegExp(`([${ALPHA}])'([${ALPHA}])`, 'g'), "$1 '$2"],
  [/(\d)'(s)/g, "$1 '$2"],
];

/** Words whose dot ends no sentence; in lower case, as tokens come. */
const NEVER_ENDING = new Set(['v', 'vs', 'i.e', 'rev', 'e.g']);
/** The same before a number. */
const BEFORE_NUMBERS = new Set(['pp']);

/** Stands for dots in a row, which stay together: a character that no caption has. */
const DOTS = '\uE000';

/**
 * The words of a line as METEOR 1.5 makes them of tokens with `-l en -norm`: hyphens between words and contractions are split, dots leave
 * abbreviations.
 *
 * @param line PTB tokens in lower case
 */
export function meteorWords(line: string): string[] {
  let text = ` ${line} `;
  text = text.replace(STEPS[0]![0], STEPS[0]![1]);
  text = text.replace(/\.{2,}/g, dots => ` ${DOTS.repeat(dots.length)} `);
  for (const [pattern, becomes] of STEPS.slice(1)) text = text.replace(pattern, becomes);
  const words = text.split(/\s+/).filter(word => word !== '');
  return words
    .flatMap((word, i) => (word.length > 1 && word.endsWith('.') ? atDot(word, words[i + 1]) : [word]))
    .map(word => word.replaceAll(DOTS, '.'));
}

/** A word that ends with a dot. */
function atDot(word: string, next = ''): string[] {
  const before = word.slice(0, -1);
  if (before.includes('.') && new RegExp(`[${ALPHA}]`).test(before)) return [word.replaceAll('.', '')];
  if (NEVER_ENDING.has(before) || /^[a-z]/.test(next)) return [word];
  if (BEFORE_NUMBERS.has(before) && /^[0-9]/.test(next)) return [word];
  return [before, '.'];
}
