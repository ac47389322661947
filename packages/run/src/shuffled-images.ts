import type { ExampleDataset } from '@simvlm/core';
import { derangement } from '@simvlm/eval';

/**
 * Every picture with another one's caption: nothing can be learnt from the pictures. A model trained like this must do no better than chance on a
 * choice; if it does, the evaluation gives the answer away.
 */
export function withShuffledImages(dataset: ExampleDataset, seed: number): ExampleDataset {
  const pictureOf = derangement(dataset.length, seed);
  return {
    length: dataset.length,
    async get(index) {
      const [example, { image }] = [await dataset.get(index), await dataset.get(pictureOf(index))];
      return { ...example, ...(image && { image }) };
    },
  };
}
