import {
  type Example,
  type ExampleDataset,
  type ExampleOutline,
  Random,
  type RgbImage,
  rule,
} from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import { type EmojiDataset, type EmojiDatasetOptions, prepareEmojiDataset } from '../dataset';
import type { EmojiItem, EmojiSplit } from '../items';

/** The splits of a task: those of the pictures that it is made from. `test` is the artist that no model has seen. */
const PICTURES = { train: 'train', val: 'val', test: 'unseenArtist' } as const satisfies Record<
  string,
  keyof EmojiDataset
>;

export type TaskSplit = keyof typeof PICTURES;

export const splitRule = rule.oneOf(...(Object.keys(PICTURES) as TaskSplit[]));

/** Fixed, so that every copy of this version asks the same of the same pictures. */
const random = Random.fromSeed(210_810_904).fork('tasks');

/** What a task is made from. */
export interface TaskPictures {
  readonly name: TaskSplit;
  /** What the examples show. */
  readonly pictures: EmojiSplit;
  /** Pictures to train on, whatever the split: what can be asked follows from them. */
  readonly known: EmojiSplit;
  /** Belongs to the task and the split. */
  readonly random: Random;
}

/** Belongs to a task and a split. */
export function taskRandom(task: string, split: TaskSplit): Random {
  return random.fork(task).fork(split);
}

/**
 * The pictures of one split.
 *
 * @param task keeps the draws of tasks apart
 * @throws as `prepareEmojiDataset`
 */
export async function taskPictures(
  task: string,
  name: TaskSplit,
  options: EmojiDatasetOptions,
): Promise<TaskPictures> {
  const emoji = await prepareEmojiDataset(options);
  return { name, pictures: emoji[PICTURES[name]], known: emoji.train, random: taskRandom(task, name) };
}

/** An example before its pictures are copied. */
export interface TaskExample extends ExampleOutline {
  /** None for text alone. */
  readonly pictures: readonly (() => RgbImage)[];
}

export function taskDataset(examples: readonly TaskExample[]): ExampleDataset {
  const outlines = arrayDataset(examples.map(({ pictures: _, ...outline }) => outline));
  return {
    length: examples.length,
    outline: index => outlines.outline!(index),
    async get(index): Promise<Example> {
      const outline = await outlines.get(index);
      const images = examples[index]!.pictures.map(picture => picture());
      const [image] = images;
      return { ...outline, ...(image && { image }), ...(images.length > 1 && { images }) };
    },
  };
}

/** The picture of an index. */
export function pictureOf(split: EmojiSplit, index: number): () => RgbImage {
  return () => split.get(index).image!;
}

/** The indices of the items that fulfil a condition. */
export function indicesOf(split: EmojiSplit, keep: (item: EmojiItem, index: number) => boolean): number[] {
  return split.items.flatMap((item, index) => (keep(item, index) ? [index] : []));
}

/** People with skin tones are half of all pictures; where they would crowd out the rest, every fourth of them is taken. */
export function fewerToned(split: EmojiSplit): number[] {
  let toned = 0;
  return indicesOf(split, item => !item.toned || toned++ % 4 === 0);
}
