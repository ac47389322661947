import { Random } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SimVlm } from '../src/index';
import { kinds } from './kinds';
import { plainLogits, type Weights } from './plain-model';
import { logSoftmax, slowBeams, slowGreedy } from './slow-generation';
import {
  backends,
  firstPredicted,
  largestDifference,
  livelyModel,
  lossAndGradients,
  realLogits,
  tinyBatch,
  useBackend,
} from './tiny';

const rows = [
  { text: [5, 6, 7, 8], prefix: 2 },
  { text: [9, 10] },
  { text: [11, 12, 13, 14, 15], prefix: 4 },
];
const batch = tinyBatch(rows);
const pixelsOf = (row: number) => batch.images!.pixels.subarray(192 * row, 192 * row + 192);

function weightsOf(model: SimVlm): Map<string, Float64Array> {
  return new Map([...model.params].map(([name, value]) => [name, Float64Array.from(value.dataSync())]));
}

/** The logits of the plain model, for each row those of the tokens behind the prefix. */
function plain({ config }: SimVlm, weights: Weights): number[][][] {
  return rows.map(({ text, prefix = 0 }, row) =>
    plainLogits(config, weights, {
      pixels: pixelsOf(row),
      prefix: text.slice(0, prefix),
      rest: [...text.slice(prefix), 3],
    }),
  );
}

/** The mean of −log p over the tokens behind the prefix. */
function plainLoss(model: SimVlm, weights: Weights): number {
  const losses = plain(model, weights).flatMap((logits, row) => {
    const { text, prefix = 0 } = rows[row]!;
    return [...text.slice(prefix), 3].map((id, i) => -logSoftmax(logits[i]!)[id]!);
  });
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}

describe.each(Object.entries(kinds))('%s', (_, change) => {
  describe.each(backends)('on %s', backend => {
    beforeAll(() => useBackend(backend));

    test('the logits are those of plain loops over each row', () => {
      const model = livelyModel(change);
      const expected = plain(model, weightsOf(model));
      const logits = realLogits(model, batch);
      for (const [row, { prefix = 0 }] of rows.entries()) {
        const real = logits[row]!.slice(prefix - firstPredicted(model, batch, row));
        expect(real.length).toBe(expected[row]!.length);
        for (const [i, values] of expected[row]!.entries())
          expect(largestDifference(real[i]!, values)).toBeLessThan(2e-5);
      }
      model.dispose();
    });

    test('generation gives what decoding without a cache does, with prompts of different lengths', async () => {
      const model = livelyModel(change);
      const images = batch.images!.pixels;
      const prompts = [[5, 6, 7], [], [9]];
      const request = { images, prompts: prompts.map(prompt => Int32Array.from(prompt)), maxLength: 4 };
      const greedy = await model.generate(request);
      const sampler = { kind: 'beam', beams: 2, lengthPenalty: 1 } as const;
      const beams = await model.generate({ ...request, sampler });
      for (const [row, prompt] of prompts.entries()) {
        const prefix = { prompt, pixels: pixelsOf(row) };
        const expected = slowGreedy(model, prefix, { limit: 4 });
        expect([...greedy[row]!.tokens]).toEqual(expected.tokens);
        expect(largestDifference(greedy[row]!.tokenLogProbs, expected.logProbs)).toBeLessThan(1e-4);
        const [best] = slowBeams(model, prefix, sampler, { limit: 4 });
        expect([...beams[row]!.tokens]).toEqual(best!.tokens);
      }
      model.dispose();
    });
  });

  test('the gradient of every parameter is that of plain loops', async () => {
    await useBackend('cpu');
    const model = livelyModel(change);
    const { loss, gradients } = lossAndGradients(model, batch);
    const weights = weightsOf(model);
    expect(loss).toBeCloseTo(plainLoss(model, weights), 4);
    for (const [name, gradient] of gradients) {
      const random = Random.fromSeed(3).fork(name);
      const values = weights.get(name)!;
      const direction = values.map(() => random.normal());
      const shifted = (by: number) =>
        new Map(weights).set(
          name,
          values.map((value, i) => value + by * direction[i]!),
        );
      const slope = (plainLoss(model, shifted(1e-5)) - plainLoss(model, shifted(-1e-5))) / 2e-5;
      const own = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
      expect(Math.abs(own - slope), name).toBeLessThan(1e-4 * Math.max(1, Math.abs(slope)));
    }
    model.dispose();
  });

  test('the score of each candidate is that of the image with this text', async () => {
    await useBackend('cpu');
    const model = livelyModel(change);
    const candidates = [
      [
        [5, 3],
        [6, 7, 8, 3],
      ],
      [],
      [[3], [9, 3]],
    ];
    const scores = await model.scoreCandidates(
      { images: batch.images!.pixels },
      candidates.map(list => list.map(caption => Int32Array.from(caption))),
    );
    for (const [row, list] of candidates.entries())
      for (const [i, caption] of list.entries()) {
        const alone = tinyBatch([{ text: caption.slice(0, -1) }]);
        const [score] = await model.score({ ...alone, images: { side: 8, pixels: pixelsOf(row) } });
        expect(scores[row]![i]).toBeCloseTo(score!, 4);
      }
    model.dispose();
  });

  test('nothing is left behind, and blocks that are computed once more give the same gradients', async () => {
    await useBackend('cpu');
    const model = livelyModel(change);
    const gradientsOf = (checkpointBlocks: boolean) => {
      const { value, grads } = tf.variableGrads(
        () => model.loss(batch, { checkpointBlocks }),
        model.params.values(),
      );
      const numbers = Object.entries(grads).map(([name, each]) => [name, each.dataSync()] as const);
      tf.dispose([value, grads]);
      return new Map(numbers);
    };
    const kept = gradientsOf(false);
    const before = tf.memory().numTensors;
    const again = gradientsOf(true);
    for (const [name, gradient] of kept)
      expect(largestDifference(again.get(name)!, gradient), name).toBeLessThan(1e-5);
    const prompts = [Int32Array.of(5), Int32Array.of(), Int32Array.of(6, 7)];
    const sampler = { kind: 'beam', beams: 2 } as const;
    await model.generate({ images: batch.images!.pixels, prompts, maxLength: 3, sampler });
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before - model.params.names().length);
  });
});
