import type { Random } from '@simvlm/core';
import { wordsOf } from '../labels';
import { groupBy } from './balance';
import { withArticle } from './kinds';
import { fewerToned, pictureOf, type TaskExample, type TaskPictures } from './task-pictures';

/** Words of names that many emoji have, and that say what is seen. */
const NOUNS = ['man', 'woman', 'person', 'face', 'hand', 'flag', 'button', 'cat', 'heart', 'arrow'] as const;
type Noun = (typeof NOUNS)[number];
type Places = ReadonlyMap<Noun, readonly number[]>;
/** Indices of the left and the right picture. */
type Pair = readonly [left: number, right: number];

/** A sentence about two pictures, and pictures that make it true or false. */
interface Sentence {
  readonly form: string;
  readonly text: string;
  draw(isTrue: boolean, random: Random): Pair;
}

/** Examples of each sentence. */
const COUNT = { train: 300, val: 16, test: 16 };

/**
 * Two pictures and a sentence about them that is true or false, as in NLVR2. Each sentence is as often true as false, so that it alone says nothing. A
 * classifier that reads each picture by itself and adds up can tell all of them: no sentence says that exactly one picture shows something, or that both show
 * the same.
 *
 * ```
 * { id: 'both show a woman 3', text: 'both show a woman', fields: { label: 'True', form: 'both' } }
 * ```
 */
export function pairs({ name, pictures, random }: TaskPictures): TaskExample[] {
  const places = groupBy(NOUNS, fewerToned(pictures), index => nounOf(pictures.items[index]!.baseLabel));
  const drawn = NOUNS.filter(noun => places.get(noun)!.length > 1);
  return sentences(places, drawn).flatMap(({ form, text, draw }) =>
    Array.from({ length: COUNT[name] }, (_, i): TaskExample => {
      const isTrue = i % 2 === 0;
      const pair = draw(isTrue, random.fork(text).fork(i));
      return {
        ...{ id: `${text} ${i}`, text },
        fields: { label: isTrue ? 'True' : 'False', form },
        pictures: pair.map(index => pictureOf(pictures, index)),
      };
    }),
  );
}

function sentences(places: Places, drawn: readonly Noun[]): Sentence[] {
  const one = (noun: Noun, random: Random) => random.pick(places.get(noun)!);
  const other = (noun: Noun, random: Random) => random.pick(drawn.filter(each => each !== noun));
  const two = (noun: Noun, random: Random) => {
    const own = places.get(noun)!;
    const [a, b] = random.permutation(own.length);
    return [own[a!]!, own[b!]!] as const;
  };
  /** One with the noun and one with another, in either order. */
  const mixed = (noun: Noun, random: Random) =>
    inEitherOrder(one(noun, random), one(other(noun, random), random), random);
  const neither = (noun: Noun, random: Random): Pair => [
    one(other(noun, random), random),
    one(other(noun, random), random),
  ];
  return drawn.flatMap((noun): Sentence[] => {
    const named = withArticle(noun);
    return [
      {
        ...{ form: 'both', text: `both show ${named}` },
        draw: (isTrue, random) => (isTrue ? two(noun, random) : mixed(noun, random)),
      },
      {
        ...{ form: 'either', text: `at least one of them shows ${named}` },
        draw(isTrue, random) {
          if (!isTrue) return neither(noun, random);
          return random.uniform() < 0.5 ? two(noun, random) : mixed(noun, random);
        },
      },
      {
        ...{ form: 'left', text: `${named} is on the left` },
        draw(isTrue, random) {
          const pair = [one(noun, random), one(other(noun, random), random)] as const;
          return isTrue ? pair : [pair[1], pair[0]];
        },
      },
      {
        ...{ form: 'neither', text: `neither shows ${named}` },
        draw: (isTrue, random) => (isTrue ? neither(noun, random) : mixed(noun, random)),
      },
    ];
  });
}

/** The one noun of a name; `undefined` where there is none, or another one, as in "woman and man holding hands". */
function nounOf(label: string): Noun | undefined {
  const words = wordsOf(label);
  const [noun, another] = NOUNS.filter(each => words.includes(each));
  return another === undefined ? noun : undefined;
}

function inEitherOrder(a: number, b: number, random: Random): Pair {
  return random.uniform() < 0.5 ? [a, b] : [b, a];
}
