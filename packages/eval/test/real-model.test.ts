import { Registry } from '@simvlm/core';
import { arrayDataset, imagePixels } from '@simvlm/data';
import type { SimVlm } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { captionChoice, evalPlugin, predictCaptions } from '../src/index';
import { letters, pairs, tinyModel } from './fixture';

let model: SimVlm;
const dataset = arrayDataset(pairs(12));
beforeAll(async () => {
  await tf.setBackend('cpu');
  model = tinyModel();
});
afterAll(() => model.dispose());

test('the scores are those of the model: the log likelihood of each candidate with its end token', async () => {
  const { predictions } = await captionChoice(model, letters, dataset, {
    choices: 3,
    limit: 5,
    batchSize: 2,
  });
  for (const [i, { candidates, scores }] of predictions.entries()) {
    const withEnd = candidates.map(text => Int32Array.of(...letters.encode(text), letters.special.eos));
    const [expected] = await model.scoreCandidates({ images: imagePixels([pairs(12)[i]!.image!]) }, [
      withEnd,
    ]);
    for (const [k, score] of scores.entries()) expect(score).toBeCloseTo(expected![k]!, 4);
    expect(Math.max(...scores)).toBeLessThan(0);
  }
});

test('captions are what the model generates greedily', async () => {
  const { predictions } = await predictCaptions(model, letters, dataset, { batchSize: 5 });
  const images = imagePixels(pairs(12).map(({ image }) => image!));
  const expected = (await model.generate({ images })).map(({ tokens }) => letters.decode(tokens));
  expect(predictions.map(({ text }) => text)).toEqual(expected);
});

test('the number of tensors stays the same over both evaluations', async () => {
  const before = tf.memory().numTensors;
  await captionChoice(model, letters, dataset, { choices: 4, batchSize: 5 });
  await predictCaptions(model, letters, dataset, { batchSize: 5 });
  expect(tf.memory().numTensors).toBe(before);
});

test('the evaluators are registered by name and give named numbers', async () => {
  const registry = new Registry().use(evalPlugin);
  expect(registry.names('evaluator')).toEqual([
    'caption',
    'coco',
    'choice',
    'shuffled-choice',
    'nearest-pixels',
    'answers',
    'bleu',
    'prompts',
    'neighbours',
    'probe',
    'labels',
    'regression',
    'vqa',
  ]);
  const subject = { model, tokenizer: letters };
  const { metrics: caption } = await registry.get('evaluator', 'caption')(subject, dataset, { limit: 9 });
  expect(Object.keys(caption)).toEqual(['exactMatch', 'wordF1', 'count']);
  expect(caption.count).toBe(9);
  const choose = registry.get('evaluator', 'choice');
  const { metrics: choice } = await choose(subject, arrayDataset(pairs(20)), { choices: 10 });
  expect(choice).toMatchObject({ chance: expect.closeTo(0.1, 12), count: 20 });
  await expect(choose(subject, dataset, { choice: 10 })).rejects.toThrow('unknown key "choice"');
  const aborted = AbortSignal.abort(new Error('enough'));
  for (const name of ['caption', 'choice'])
    await expect(
      registry.get('evaluator', name)(subject, arrayDataset(pairs(20)), {}, { signal: aborted }),
    ).rejects.toThrow('enough');
});
