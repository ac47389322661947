import type { RgbImage } from '@simvlm/core';
import type { EmojiItem } from '../items';
import { type Colour, mainColour } from './colours';
import { type Kind, kindOf, kinds, withArticle } from './kinds';

/** One question, and what is right of each picture that it can be asked of. */
export interface QuestionType {
  /** Several questions may be of one type, such as `is this a face?` and `is this food?`. */
  readonly type: string;
  readonly question: string;
  readonly answers: readonly string[];
  /** One of the answers; `undefined` where the question is not asked of this picture. */
  answer(item: EmojiItem, picture: () => RgbImage): string | undefined;
}

/** Too few emoji are black or brown. */
const COLOURS = [
  'red',
  'orange',
  'yellow',
  'green',
  'blue',
  'purple',
  'pink',
  'grey',
] as const satisfies readonly Colour[];
const TONES = ['light', 'medium-light', 'medium', 'medium-dark', 'dark'];
const HAIR = ['red', 'curly', 'white', 'blond', 'bald'];
const HAPPY = /grinning|beaming|joy|laughing|smiling face|smiling eyes|kiss|star-struck/;
const SAD = /frown|sad|cry|disappointed|worried|weary|anguished|downcast|pensive|pleading|angry|enraged/;

/** The types of questions, in the order in which their examples come. */
export const questionTypes: readonly QuestionType[] = [
  { type: 'kind', question: 'what is this', answers: kinds, answer: kindOfSome },
  ...kinds.map(
    (kind): QuestionType => ({
      ...{ type: 'is it', question: `is this ${withArticle(kind)}`, answers: ['yes', 'no'] },
      answer(item) {
        const own = kindOfSome(item);
        return own && (own === kind ? 'yes' : 'no');
      },
    }),
  ),
  {
    ...{ type: 'color', question: 'what color is it', answers: COLOURS },
    answer: (item, picture) => (item.toned ? undefined : mainColour(picture())),
  },
  {
    ...{ type: 'tone', question: 'what is the skin tone', answers: TONES },
    answer: ({ tones: [tone, ...others] }) =>
      tone !== undefined && others.every(other => other === tone) ? TONES[tone - 1] : undefined,
  },
  {
    ...{ type: 'hair', question: 'what is the hair like', answers: HAIR },
    answer: ({ baseLabel }) => HAIR.find(hair => new RegExp(`: ${hair}( hair)?$`).test(baseLabel)),
  },
  {
    ...{ type: 'gender', question: 'is this a man or a woman', answers: ['man', 'woman'] },
    answer: ({ baseLabel }) => /^(man|woman)\b(?! and)/.exec(baseLabel)?.[1],
  },
  {
    ...{ type: 'count', question: 'how many people are there', answers: ['one', 'two', 'more'] },
    answer: countOfPeople,
  },
  {
    ...{ type: 'mood', question: 'is the face happy or sad', answers: ['happy', 'sad'] },
    answer(item) {
      if (kindOf(item) !== 'face') return undefined;
      const [happy, sad] = [HAPPY.test(item.label), SAD.test(item.label)];
      return happy === sad ? undefined : happy ? 'happy' : 'sad';
    },
  },
];

/** Of people with a skin tone those with the middle one: there are so many that most pictures of another kind would be of them. */
function kindOfSome(item: EmojiItem): Kind | undefined {
  return item.tones.every(tone => tone === 3) ? kindOf(item) : undefined;
}

/** By the label alone: families name their members, couples are two. */
function countOfPeople(item: EmojiItem): string | undefined {
  if (kindOf(item) !== 'person') return undefined;
  const { baseLabel } = item;
  const [what, members] = baseLabel.split(': ');
  if (what === 'family') return (members?.split(', ').length ?? 0) > 2 ? 'more' : undefined;
  if (/holding hands$|^kiss$|^couple|^(men|women|people) /.test(what!)) return 'two';
  return /^(man|woman|person|boy|girl)\b/.test(what!) ? 'one' : undefined;
}
