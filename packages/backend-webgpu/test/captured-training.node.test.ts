import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { batches, run } from '../../trainer/test/tiny';
import { ready, test } from './node';

test('training by captured steps is training, and leaves nothing behind', async () => {
  await ready();
  await tf.setBackend('webgpu');
  const before = tf.memory().numTensors;
  const config = { steps: 3, accumulate: 2 };
  const learner = { labelSmoothing: 0.1, dropout: 0.1 };
  const plain = await run({ learner, config, batches: batches({ documents: true }) });
  const captured = await run({
    learner,
    config: { ...config, captureSteps: true },
    batches: batches({ documents: true }),
  });
  expect(captured.metrics.length).toBe(3);
  captured.metrics.forEach((metrics, i) => {
    const want = plain.metrics[i]!;
    expect(Math.abs(metrics.loss - want.loss), `loss ${i}`).toBeLessThan(1e-4);
    expect(metrics.gradientNorm / want.gradientNorm, `norm ${i}`).toBeCloseTo(1, 3);
  });
  expect(tf.memory().numTensors).toBe(before);
});
