import type { Random } from '@simvlm/core';
import { groupBy } from './balance';
import { type Kind, kindOf, kinds, withArticle } from './kinds';
import { fewerToned, pictureOf, type TaskExample, type TaskPictures } from './task-pictures';

type Places = ReadonlyMap<Kind, readonly number[]>;
/** Indices of the left and the right picture. */
type Pair = readonly [left: number, right: number];

/** A sentence about two pictures, and pictures that make it true or false. */
interface Sentence {
  readonly form: string;
  readonly text: string;
  draw(isTrue: boolean, random: Random): Pair;
}

/** Examples of each sentence. */
const COUNT = { train: 240, val: 12, test: 12 };

/**
 * Two pictures and a sentence about them that is true or false, as in NLVR2. Each sentence is as often true as false, so that it alone says nothing.
 *
 * ```
 * { id: 'both show an animal 3', text: 'both show an animal', fields: { label: 'True', form: 'both' } }
 * ```
 */
export function pairs({ name, pictures, random }: TaskPictures): TaskExample[] {
  const places = groupBy(kinds, fewerToned(pictures), index => kindOf(pictures.items[index]!));
  const drawn = kinds.filter(kind => places.get(kind)!.length > 1);
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

function sentences(places: Places, drawn: readonly Kind[]): Sentence[] {
  const one = (kind: Kind, random: Random) => random.pick(places.get(kind)!);
  const other = (kind: Kind, random: Random) => random.pick(drawn.filter(each => each !== kind));
  const two = (kind: Kind, random: Random) => {
    const own = places.get(kind)!;
    const [a, b] = random.permutation(own.length);
    return [own[a!]!, own[b!]!] as const;
  };
  /** One of the kind and one of another, in either order. */
  const mixed = (kind: Kind, random: Random) =>
    inEitherOrder(one(kind, random), one(other(kind, random), random), random);
  const neither = (kind: Kind, random: Random): Pair => [
    one(other(kind, random), random),
    one(other(kind, random), random),
  ];
  const about = drawn.flatMap((kind): Sentence[] => {
    const noun = withArticle(kind);
    return [
      {
        ...{ form: 'both', text: `both show ${noun}` },
        draw: (isTrue, random) => (isTrue ? two(kind, random) : mixed(kind, random)),
      },
      {
        ...{ form: 'one', text: `only one of them shows ${noun}` },
        draw(isTrue, random) {
          if (isTrue) return mixed(kind, random);
          return random.uniform() < 0.5 ? two(kind, random) : neither(kind, random);
        },
      },
      {
        ...{ form: 'left', text: `${noun} is on the left` },
        draw(isTrue, random) {
          const pair = [one(kind, random), one(other(kind, random), random)] as const;
          return isTrue ? pair : [pair[1], pair[0]];
        },
      },
      {
        ...{ form: 'neither', text: `neither shows ${noun}` },
        draw: (isTrue, random) => (isTrue ? neither(kind, random) : mixed(kind, random)),
      },
    ];
  });
  const alike: Sentence = {
    ...{ form: 'alike', text: 'both show the same kind of thing' },
    draw(isTrue, random) {
      const kind = random.pick(drawn);
      return isTrue ? two(kind, random) : mixed(kind, random);
    },
  };
  return [...about, alike];
}

function inEitherOrder(a: number, b: number, random: Random): Pair {
  return random.uniform() < 0.5 ? [a, b] : [b, a];
}
