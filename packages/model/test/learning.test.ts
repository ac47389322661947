import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { SimVlm } from '../src/index';
import { architectures, tinyBatch, tinyConfig } from './tiny';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

test.each(architectures)('%s: the loss of a fresh model is that of guessing, ln V', architecture => {
  const model = SimVlm.create(tinyConfig({ architecture }), { seed: 1 });
  const loss = model.loss(tinyBatch([{ text: [5, 6, 7] }, { text: [8, 9], prefix: 1 }]));
  expect(Math.abs(loss.dataSync()[0]! - Math.log(20))).toBeLessThan(0.1);
  loss.dispose();
  model.dispose();
});

test.each(architectures)(
  '%s: four captions are learned by heart, and greedy decoding gives them back and stops',
  async architecture => {
    const model = SimVlm.create(tinyConfig({ architecture }), { seed: 1 });
    const texts = [
      [5, 6, 7, 8],
      [9, 5],
      [10, 11, 12],
      [13, 6, 6],
    ];
    const batch = tinyBatch(texts.map(text => ({ text })));
    const optimizer = tf.train.adam(0.01);
    let last = Number.POSITIVE_INFINITY;
    for (let step = 0; step < 60; step++) {
      const loss = optimizer.minimize(() => model.loss(batch), true, model.params.values())!;
      last = loss.dataSync()[0]!;
      loss.dispose();
    }
    expect(last).toBeLessThan(0.1);
    const generated = await model.generate({ images: batch.images!.pixels });
    expect(generated.map(({ tokens }) => [...tokens])).toEqual(texts);
    expect(generated.every(({ finished }) => finished)).toBe(true);
    optimizer.dispose();
    model.dispose();
  },
);
