/** What tests of tasks share: pictures that are bright or dark, examples made of them, and a small run. */
import { type Example, type JsonValue, Random, type RgbImage } from '@simvlm/core';
import { arrayDataset, datasetSource, textDataset } from '@simvlm/data';
import { type RunConfigInput, type RunData, resolveRunConfig } from '../src/index';

export function grey(bright: boolean, random: Random): RgbImage {
  const data = Uint8Array.from({ length: 192 }, () => (bright ? 170 : 50) + random.integer(40));
  return { width: 8, height: 8, data };
}

/** Examples that are made of draws of their own. */
export function examples(
  count: number,
  seed: number,
  make: (random: Random, i: number) => Omit<Example, 'id'>,
): Example[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${seed}-${i}`,
    ...make(Random.fromSeed(seed).fork(i), i),
  }));
}

/** An encoder-decoder of pictures of 8 pixels, for one step; `change` says what is otherwise. */
export const smallRun = (task: Record<string, JsonValue>, change: Partial<RunConfigInput> = {}) =>
  resolveRunConfig({
    ...{ name: 'small', task, data: { train: { source: 'here' }, valShare: 0.1 } },
    model: {
      architecture: 'encoder-decoder',
      ...{ imageSize: 8, width: 32, layers: 1, heads: 2, mlp: 64, maxTextLength: 16 },
      patcher: { kind: 'linear', patchSize: 4 },
    },
    optimizer: { learningRate: 0.01 },
    ...{ batch: { imageText: 16, textOnly: 0 }, steps: 1 },
    ...change,
  } as RunConfigInput);

/** @param captions what the vocabulary is learnt from */
export const dataOf = (train: readonly Example[], captions: readonly string[]): RunData => ({
  train: [
    { source: datasetSource(arrayDataset(train), { name: 'here' }), length: train.length, isDecoded: true },
  ],
  ...{ documents: [], texts: textDataset([]), captions },
});
