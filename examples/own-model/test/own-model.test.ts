import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { trainCircle } from '../src/train-circle';

beforeAll(() => tf.setBackend('cpu'));

test('a model that is not SimVLM is trained by the same trainer, and learns', async () => {
  const before = tf.memory().numTensors;
  const { losses, accuracy } = await trainCircle();
  expect(losses).toHaveLength(300);
  expect(accuracy).toBeGreaterThan(0.95);
  expect(tf.memory().numTensors).toBe(before);
});

test('a run that was stopped goes on bit for bit', async () => {
  expect(await trainCircle({ stopAt: 100 })).toEqual(await trainCircle());
});
