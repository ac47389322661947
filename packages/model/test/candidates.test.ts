import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SimVlm, SimVlmConfig } from '../src/index';
import { kinds } from './kinds';
import { architectures, livelyModel, tinyBatch, useBackend } from './tiny';

const models: [string, Partial<SimVlmConfig>][] = [
  ...architectures.map((architecture): [string, Partial<SimVlmConfig>] => [architecture, { architecture }]),
  ...Object.entries(kinds),
];
const prompts = [[5, 6, 7], [], [9], [8, 9, 10]].map(ids => Int32Array.from(ids));
const { images } = tinyBatch(prompts.map(() => ({ text: [5] })));
const { pixels } = images!;
const candidates = [[3], [5, 3], [6, 7, 8, 3], [11, 12, 13, 14, 15, 3], [6, 7, 3]].map(ids =>
  Int32Array.from(ids),
);
const everyRow = prompts.map(() => candidates);

/** Σ log p of one candidate behind one prompt, computed by itself. */
async function scoreOf(model: SimVlm, row: number, candidate: Int32Array, hasImage: boolean) {
  const prompt = [...prompts[row]!];
  const alone = tinyBatch([{ text: [...prompt, ...candidate.slice(0, -1)], prefix: prompt.length }]);
  const { images: _, ...text } = alone;
  const own = pixels.subarray(row * 192, row * 192 + 192);
  return (await model.score(hasImage ? { ...text, images: { side: 8, pixels: own } } : text))[0]!;
}

beforeAll(() => useBackend('cpu'));

describe.each(models)('%s', (_, change) => {
  test('scores behind prompts of different lengths are those of each text by itself', async () => {
    const model = livelyModel(change);
    const before = tf.memory().numTensors;
    const scores = await model.scoreCandidates({ images: pixels, prompts }, everyRow);
    expect(tf.memory().numTensors).toBe(before);
    for (const row of prompts.keys())
      for (const [i, candidate] of candidates.entries())
        expect(scores[row]![i]).toBeCloseTo(await scoreOf(model, row, candidate, true), 4);
    model.dispose();
  });

  test.each(['sum', 'length'] as const)(
    'the likeliest candidate (%s) is the one of the largest score',
    async normalise => {
      const model = livelyModel(change);
      const before = tf.memory().numTensors;
      const scores = await model.scoreCandidates({ images: pixels, prompts }, everyRow);
      const found = await model.likeliestCandidates(
        { images: pixels, prompts, rows: prompts.length },
        candidates,
        normalise,
      );
      expect(tf.memory().numTensors).toBe(before);
      for (const [row, { index, score, tied }] of found.entries()) {
        const judged = scores[row]!.map((sum, i) =>
          normalise === 'sum' ? sum : sum / candidates[i]!.length,
        );
        expect(index).toBe(judged.indexOf(Math.max(...judged)));
        expect(score).toBeCloseTo(judged[index]!, 4);
        expect(tied).toBe(false);
      }
      model.dispose();
    },
  );
});

describe.each(architectures)('%s', architecture => {
  test('text alone is scored, too', async () => {
    const model = livelyModel({ architecture });
    const scores = await model.scoreCandidates({ prompts }, everyRow);
    for (const row of prompts.keys())
      for (const [i, candidate] of candidates.entries())
        expect(scores[row]![i]).toBeCloseTo(await scoreOf(model, row, candidate, false), 4);
    model.dispose();
  });

  test('of hundreds of candidates only those are computed that have a chance', async () => {
    const model = livelyModel({ architecture });
    const behind = { prompts: prompts.slice(0, 1) };
    const single = Array.from({ length: 20 }, (_, token) => Int32Array.of(token));
    const [alone] = await model.scoreCandidates(behind, [single]);
    const [likeliest, ...others] = [...single].sort((a, b) => alone![b[0]!]! - alone![a[0]!]!);
    const unlikely = others.slice(-4).map(([token]) => token!);
    const many = [
      ...Array.from({ length: 300 }, (_, i) =>
        Int32Array.of(unlikely[i % 4]!, 5 + (i % 13), 5 + (i % 11), 3),
      ),
      likeliest!,
    ];
    const [one] = await model.likeliestCandidates({ ...behind, rows: 1 }, many);
    expect(one).toMatchObject({ index: 300, computed: 16 });
    expect(one!.score).toBeCloseTo(Math.max(...alone!), 4);
    model.dispose();
  });

  test('of equally likely candidates it is the first, and says that they are tied', async () => {
    const model = livelyModel({ architecture });
    const [alone] = await model.likeliestCandidates({ images: pixels, prompts, rows: 4 }, candidates);
    const best = candidates[alone!.index]!;
    const [twice] = await model.likeliestCandidates({ images: pixels, prompts, rows: 4 }, [
      candidates[(alone!.index + 1) % candidates.length]!,
      best,
      best,
    ]);
    expect(twice).toMatchObject({ index: 1, tied: true });
    model.dispose();
  });

  test('what does not fit is refused before anything is computed, and nothing is left behind', async () => {
    const model = livelyModel({ architecture });
    const before = tf.memory().numTensors;
    await expect(model.scoreCandidates({}, [candidates])).rejects.toThrow('give images, prompts or both');
    await expect(model.scoreCandidates({ prompts }, [candidates])).rejects.toThrow(
      '1 lists of candidates need as many prompts, got 4',
    );
    const long = [Int32Array.of(4, 5, 6, 7, 8, 9, 10, 11, 3)];
    await expect(model.likeliestCandidates({ prompts, rows: 4 }, long)).rejects.toThrow(
      'batch row 0: 12 text tokens; allowed are 1 to 10',
    );
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});
