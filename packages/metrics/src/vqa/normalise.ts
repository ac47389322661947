/** Marks that are taken out of an answer, or become a space. */
const MARKS = [
  ';',
  '/',
  '[',
  ']',
  '"',
  '{',
  '}',
  '(',
  ')',
  '=',
  '+',
  '\\',
  '_',
  '-',
  '>',
  '<',
  '@',
  '`',
  ',',
  '?',
  '!',
];
/** The official code passes a flag where a count belongs: so many dots go at most. */
const DOTS = 32;

const NUMBERS: Readonly<Record<string, string>> = {
  ...{ none: '0', zero: '0', one: '1', two: '2', three: '3', four: '4', five: '5' },
  ...{ six: '6', seven: '7', eight: '8', nine: '9', ten: '10' },
};
const ARTICLES = new Set(['a', 'an', 'the']);

/** Contractions with their apostrophes, as far as words in lower case can need them; a word that lacks one of its apostrophes gets it back. */
const CONTRACTIONS = (
  "ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've he's how'd how'll how's isn't it'd " +
  "it'd've it'll ma'am mightn't mightn't've might've mustn't must've needn't not've o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't " +
  "shouldn't've somebody'd've somebody'll somebody's someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd " +
  "there'd've there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's what've when's where'd " +
  "where's where've who'd who'd've who'll who's who've why'll why're why's won't would've wouldn't wouldn't've y'all y'all'll y'all'd've you'd you'd've " +
  "you'll you're you've"
).split(' ');

const COMPLETED: ReadonlyMap<string, string> = new Map([
  ...CONTRACTIONS.flatMap(word => withoutOne(word).map((slip): [string, string] => [slip, word])),
  // As the table of the official code has it.
  ["somebody'd", 'somebodyd'],
]);

/** A word without each of its apostrophes in turn. */
function withoutOne(word: string): string[] {
  return [...word.matchAll(/'/g)].map(({ index }) => word.slice(0, index) + word.slice(index + 1));
}

/** An answer without line breaks, tabs and space around it: what answers are before they are compared raw. */
export function trimmedAnswer(answer: string): string {
  return answer.replace(/[\n\t]/g, ' ').trim();
}

/**
 * An answer as the evaluation code of VQA (March 2021) compares it, where the ten answers of people are not all equal: without most marks, in lower
 * case, numbers as digits, without articles, contractions with their apostrophes.
 */
export function normalisedAnswer(answer: string): string {
  const words = withoutMarks(trimmedAnswer(answer)).toLowerCase().split(/\s+/);
  return words
    .map(word => (Object.hasOwn(NUMBERS, word) ? NUMBERS[word]! : word))
    .filter(word => word !== '' && !ARTICLES.has(word))
    .map(word => COMPLETED.get(word) ?? word)
    .join(' ');
}

/** A mark that stands beside a space somewhere goes; one that does not becomes a space. In a text with a comma between digits all go. */
function withoutMarks(answer: string): string {
  const hasNumber = /\d,\d/.test(answer);
  let text = answer;
  for (const mark of MARKS) {
    const goes = hasNumber || answer.includes(`${mark} `) || answer.includes(` ${mark}`);
    text = text.replaceAll(mark, goes ? '' : ' ');
  }
  let dots = 0;
  return text.replace(/\.(?!\d)/g, dot => (dots++ < DOTS ? '' : dot));
}
