import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import type { LossOptions } from '../src/index';
import { architectures, livelyModel, realLogits, tinyBatch, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

const batch = tinyBatch([{ text: [4, 5, 6, 7], prefix: 2 }, { text: [8, 9] }]);

test.each(architectures)('%s: label smoothing of 0 is the cross-entropy, to the bit', async architecture => {
  const model = livelyModel({ architecture });
  const loss = (options?: LossOptions) => tf.tidy(() => model.loss(batch, options).dataSync()[0]!);
  expect(loss({ labelSmoothing: 0 })).toBe(loss());
  const scores = await model.score(batch);
  expect(loss()).toBeCloseTo(-(scores[0]! + scores[1]!) / model.lossTokens(batch), 5);
  model.dispose();
});

test('label smoothing of s is (1 − s) of it, and s of the mean over the vocabulary', () => {
  const model = livelyModel();
  let sum = 0;
  for (const [row, places] of realLogits(model, batch).entries())
    for (const [i, logits] of places.entries()) {
      const target = batch.tokens[row * batch.length + batch.prefixLengths[row]! + i]!;
      const log = Math.log([...logits].reduce((total, logit) => total + Math.exp(logit), 0));
      const all = [...logits].map(logit => log - logit);
      sum += 0.8 * all[target]! + (0.2 * all.reduce((total, each) => total + each)) / all.length;
    }
  const loss = tf.tidy(() => model.loss(batch, { labelSmoothing: 0.2 }).dataSync()[0]!);
  expect(loss).toBeCloseTo(sum / model.lossTokens(batch), 4);
  model.dispose();
});
