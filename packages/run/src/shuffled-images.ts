import { derangement } from '@simvlm/eval';
import type { RunData } from './data';

/**
 * Every training picture with another one's caption: nothing can be learnt from the pictures. A model trained like this must do no
 * better than chance on a choice; if it does, the evaluation gives the answer away.
 */
export function withShuffledImages(data: RunData, seed: number): RunData {
  const pictureOf = derangement(data.train.length, seed);
  const { train } = data;
  return {
    ...data,
    train: {
      length: train.length,
      async get(index) {
        const [example, { image }] = [await train.get(index), await train.get(pictureOf(index))];
        return { ...example, ...(image && { image }) };
      },
    },
  };
}
