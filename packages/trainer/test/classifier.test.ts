import { type PrefixLmBatch, Random } from '@simvlm/core';
import { ClassifierHead, SimVlm } from '@simvlm/model';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { AdamW, gradientsOf } from '../src/index';
import { tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('wasm'));

const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clip: 1 };
const BRIGHT = 4;

/** "Is it bright?" and "is it dark?" of bright and dark pictures: the answer needs both picture and question. */
function rows(count: number, seed: number): { batch: PrefixLmBatch; labels: number[] } {
  const random = Random.fromSeed(seed);
  const pixels = new Float32Array(count * 192);
  const tokens = new Int32Array(count * 3);
  const labels: number[] = [];
  for (let row = 0; row < count; row++) {
    const [bright, asked] = [random.integer(2), random.integer(2)];
    for (let i = 0; i < 192; i++)
      pixels[row * 192 + i] = (bright ? 0.5 : -0.5) + 0.4 * (random.uniform() - 0.5);
    tokens.set([6, BRIGHT + asked, 3], row * 3);
    labels.push(bright === asked ? 1 : 0);
  }
  const batch = {
    ...{ size: count, length: 3, tokens, ids: labels.map((_, row) => `${seed}-${row}`) },
    ...{ prefixLengths: new Int32Array(count), textLengths: new Int32Array(count).fill(3) },
    images: { side: 8, pixels },
  };
  return { batch, labels };
}

async function accuracy(head: ClassifierHead): Promise<number> {
  const { batch, labels } = rows(100, 77);
  const predicted = await head.predict(batch);
  return labels.filter((label, row) => predicted[row] === label).length / labels.length;
}

describe('a classifier', () => {
  test.each([
    ['encoder-decoder', {}],
    ['decoder-only', {}],
    ['encoder-decoder', { lora: { rank: 4, targets: ['*'] } }],
  ] as const)('%s %j: learns what needs picture and question', async (architecture, more) => {
    const model = SimVlm.create(tinyConfig({ architecture, ...more }), { seed: 1 });
    const head = new ClassifierHead(model, { classes: 2 });
    const optimizer = new AdamW(head.trainable, options);
    const frozen = model.params.filter(name => !head.trainable.has(name));
    const before = frozen.map(variable => variable.dataSync().slice());
    const at = tf.memory().numTensors;
    for (let step = 0; step < 150; step++) {
      const { batch, labels } = rows(16, step);
      const random = Random.fromSeed(1).fork(step);
      const { loss, gradients } = gradientsOf(
        () => head.loss(batch, labels, { dropout: 0.05, random }),
        head.trainable,
      );
      await optimizer.apply(gradients, 0.01);
      tf.dispose([loss, gradients.values()]);
    }
    expect(tf.memory().numTensors).toBe(at);
    expect(await accuracy(head)).toBeGreaterThan(0.97);
    for (const [name, values] of before) expect(frozen.get(name).dataSync(), name).toEqual(values);
    optimizer.dispose();
    head.dispose();
    model.dispose();
  });
});
