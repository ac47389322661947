import type { ExampleDataset } from '@simvlm/core';
import { datasetSource, textDataset } from '@simvlm/data';
import { captionChoice } from '@simvlm/eval';
import { openSet, resolveRunConfig, runTraining, silent, withShuffledImages } from '@simvlm/run';
import { nodePlaces, readTokenizer, runRegistry } from '@simvlm/run/node';
import { pickBackend } from '@simvlm/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawFolder, smallConfig, workingFolder } from './fixture';

/** Four colours times three shapes. */
const CHOICES = 12;
const PICTURES = 240;

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 300, 1);
  await drawFolder('test', PICTURES, 2);
  await pickBackend({ prefer: 'wasm' });
});
afterAll(() => folder.leave());

const picturesIn = async (path: string) => {
  const registry = await runRegistry();
  const set = await openSet({ path }, { registry, places: nodePlaces, test: true });
  return set.examples({ model: { imageSize: 16 }, run: undefined, isPictureOptional: false });
};

async function accuracy(change: (train: ExampleDataset) => ExampleDataset): Promise<number> {
  const config = resolveRunConfig(smallConfig('train', { steps: 250 }) as never);
  const train = await picturesIn('train');
  const captions = Array.from({ length: train.length }, (_, i) => train.outline!(i).text);
  const registry = await runRegistry();
  const { model, tokenizer } = await runTraining({
    ...{ config, registry, readTokenizer, reporter: silent },
    data: {
      train: [{ source: datasetSource(change(train), { name: 'train' }), isDecoded: true }],
      ...{ documents: [], texts: textDataset([]), captions: [...new Set(captions)] },
    },
  });
  const { metrics } = await captionChoice(model, tokenizer, await picturesIn('test'), {
    choices: CHOICES,
  });
  model.dispose();
  return metrics.accuracy!;
}

it('trained on pairs, the model chooses the caption of an unseen picture', async () => {
  expect(await accuracy(train => train)).toBeGreaterThan(0.6);
});

it('trained with the images shuffled, the same run stays near chance: the evaluation gives nothing away', async () => {
  // Four standard deviations of a binomial around 1/12.
  const chance = 1 / CHOICES;
  const margin = 4 * Math.sqrt((chance * (1 - chance)) / PICTURES);
  expect(await accuracy(train => withShuffledImages(train, 1))).toBeLessThan(chance + margin);
});
