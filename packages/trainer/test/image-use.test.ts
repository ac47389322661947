import type { Example, PrefixLmBatch, RgbImage } from '@simvlm/core';
import { Random } from '@simvlm/core';
import { arrayDataset, createBatchSource, datasetSource, exampleStream, uniformPrefix } from '@simvlm/data';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import { beforeAll, expect, test } from 'vitest';
import { train, validationLoss } from '../src/index';
import { letters, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

/** Of one colour, by a number from 0 to 3. */
function coloured(colour: number): RgbImage {
  const [r, g, b] = [255 * (colour & 1), 255 * (colour >> 1), 128];
  return { width: 8, height: 8, data: Uint8Array.from({ length: 192 }, (_, i) => [r!, g!, b!][i % 3]!) };
}

const CAPTIONS = ['abab', 'cdcd', 'efef', 'ghgh'];

/** 2,048 pictures of 4 colours, so many that chance ties no caption to a colour; the caption tells the colour, or is drawn without a look at the picture. */
function pairs(captionsTell: boolean, seed: number): Example[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: 2048 }, (_, i) => {
    const colour = random.integer(4);
    const text = CAPTIONS[captionsTell ? colour : random.integer(4)]!;
    return { id: `${seed} ${i}`, text, image: coloured(colour) };
  });
}

function source(examples: readonly Example[], seed: number) {
  return createBatchSource({
    imageText: {
      stream: exampleStream({
        source: datasetSource(arrayDataset(examples)),
        random: Random.fromSeed(seed),
        pictures: { transform: { size: 8 } },
      }),
      batchSize: 16,
    },
    ...{ tokenizer: letters, maxTextLength: 8, prefix: uniformPrefix },
  });
}

/** What an evaluation measures in the end, and the warnings on the way. */
async function use(captionsTell: boolean) {
  const model = SimVlm.create(tinyConfig(), { seed: 1 });
  const learner = prefixLmLearner(model);
  const validation = async function* (): AsyncGenerator<readonly PrefixLmBatch[]> {
    const batches = source(pairs(captionsTell, 2), 2);
    for (let i = 0; i < 16; i++) yield await batches.next();
  };
  const warnings: [step: number, message: string][] = [];
  let step = 0;
  let imageUse: number | undefined;
  await train({
    learner,
    batches: source(pairs(captionsTell, 1), 1),
    config: { learningRate: 0.005, warmup: 10, steps: 150, evaluateSteps: 50 },
    evaluators: { val: validationLoss(learner, validation) },
    callbacks: [
      {
        onStep: metrics => void (step = metrics.step),
        onEvaluation: (_, results) => void (imageUse = results['val/imageUse']),
        onWarning: error => void warnings.push([step, error.message]),
      },
    ],
  });
  model.dispose();
  return { imageUse: imageUse!, warnings };
}

test('a model whose captions do not depend on their pictures raises the alarm, once', async () => {
  const { imageUse, warnings } = await use(false);
  expect(imageUse).toBeLessThan(0.01);
  expect(warnings).toEqual([
    [50, expect.stringMatching(/^the model hardly uses its images at step 50: .*\(val\/imageUse\)/)],
  ]);
});

test('a model whose captions tell what the pictures show raises none once it has learnt', async () => {
  const { imageUse, warnings } = await use(true);
  expect(imageUse).toBeGreaterThan(1);
  expect(warnings.filter(([step]) => step > 50)).toEqual([]);
});
