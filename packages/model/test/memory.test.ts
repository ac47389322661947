import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type GenerateRequest, SimVlm } from '../src/index';
import { architectures, backends, tinyBatch, tinyConfig, useBackend } from './tiny';

const batch = tinyBatch([{ text: [5, 6, 7], prefix: 2 }, { text: [8, 9] }]);
const documents = tinyBatch([{ text: [5, 6, 7, 8], prefix: 2 }], { images: false });

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test.each(architectures)('%s: 20 calls of generate leave no tensor and no byte', async architecture => {
    const model = SimVlm.create(tinyConfig({ architecture }));
    const requests: GenerateRequest[] = [
      { images: batch.images!.pixels, maxLength: 4 },
      { images: batch.images!.pixels, prompts: [Int32Array.of(5), Int32Array.of()], maxLength: 3 },
      { prompts: [Int32Array.of(5, 6)], maxLength: 3, sampler: { kind: 'top-p', p: 0.9, seed: 1 } },
      { images: batch.images!.pixels, sampler: { kind: 'beam', beams: 3 }, captions: 2 },
      {
        images: batch.images!.pixels,
        sampler: { kind: 'top-k', k: 3, seed: 1 },
        captions: 2,
        noRepeatNgram: 2,
      },
    ];
    const before = tf.memory();
    for (let i = 0; i < 20; i++) await model.generate(requests[i % 5]!);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
    model.dispose();
  });

  test.each(architectures)('%s: 20 steps of loss and gradients leave no tensor', architecture => {
    const model = SimVlm.create(tinyConfig({ architecture }));
    const variables = model.params.values();
    const before = tf.memory();
    for (let i = 0; i < 20; i++) {
      const { value, grads } = tf.variableGrads(() => model.loss([batch, documents]), variables);
      tf.dispose([value, grads]);
    }
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
    model.dispose();
  });

  test.each(architectures)(
    '%s: scores, saving and loading leave nothing, and dispose frees the rest',
    async architecture => {
      const before = tf.memory();
      const model = SimVlm.create(tinyConfig({ architecture }));
      const made = tf.memory().numTensors;
      await model.score(batch);
      await model.scoreCandidates({ images: batch.images!.pixels }, [
        [Int32Array.of(5, 3)],
        [Int32Array.of(3)],
      ]);
      model.loadWeights(await model.saveWeights());
      model.logits(batch).dispose();
      expect(tf.memory().numTensors).toBe(made);
      model.dispose();
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numBytes).toBe(before.numBytes);
    },
  );

  test.each(architectures)('%s: what is refused leaves nothing behind', async architecture => {
    const before = tf.memory().numTensors;
    const model = SimVlm.create(tinyConfig({ architecture }));
    const made = tf.memory().numTensors;
    await expect(model.generate({ prompts: [Int32Array.of(20)] })).rejects.toThrow(/token id 20/);
    await expect(model.generate({ images: batch.images!.pixels, maxLength: 99 })).rejects.toThrow(
      /maxLength/,
    );
    expect(() => model.loss({ ...batch, length: 3 })).toThrow();
    expect(() => model.loss([])).toThrow(/at least one batch/);
    expect(() => model.loadWeights(new Uint8Array(9))).toThrow();
    expect(tf.memory().numTensors).toBe(made);
    model.dispose();
    const patcher = { kind: 'linear', patchSize: 3 };
    expect(() => SimVlm.create(tinyConfig({ architecture, patcher }))).toThrow(/patchSize 3/);
    expect(tf.memory().numTensors).toBe(before);
  });
});
