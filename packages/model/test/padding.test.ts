import { Random } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { layout, type SimVlm } from '../src/index';
import { inputArrays, upload } from '../src/input';
import {
  architectures,
  backends,
  largestDifference,
  livelyModel,
  lossAndGradients,
  onlyRow,
  realLogits,
  tinyBatch,
  useBackend,
} from './tiny';

const rows = [
  { text: [5, 6], prefix: 1 },
  { text: [7, 8, 9, 10, 11, 12, 13], prefix: 3 },
  { text: [14] },
  { text: [9, 6, 4, 15], prefix: 4 },
];

/** Other valid ids where there is no text. */
function withGarbage(batch: ReturnType<typeof tinyBatch>, seed: number) {
  const random = Random.fromSeed(seed);
  const isText = (at: number) => at % batch.length < batch.textLengths[Math.floor(at / batch.length)]!;
  return { ...batch, tokens: batch.tokens.map((token, at) => (isText(at) ? token : random.integer(20))) };
}

function expectClose(a: readonly Float32Array[], b: readonly Float32Array[]) {
  expect(a.length).toBe(b.length);
  for (const [i, logits] of a.entries()) expect(largestDifference(logits, b[i]!)).toBeLessThan(1e-5);
}

describe.each(backends)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  describe.each(architectures)('%s', architecture => {
    const withModel = (use: (model: SimVlm) => void) => {
      const model = livelyModel({ architecture });
      use(model);
      model.dispose();
    };

    test.each([true, false])('a row has the same logits alone as beside longer rows (images: %s)', images =>
      withModel(model => {
        const batch = tinyBatch(rows, { images });
        const together = realLogits(model, batch);
        for (let b = 0; b < batch.size; b++)
          expectClose(realLogits(model, onlyRow(batch, b))[0]!, together[b]!);
      }),
    );

    test('a wider batch has the same logits, loss and gradients', () =>
      withModel(model => {
        const [narrow, wide] = [tinyBatch(rows), tinyBatch(rows, { length: 10 })];
        const [a, b] = [realLogits(model, narrow), realLogits(model, wide)];
        for (let row = 0; row < rows.length; row++) expectClose(a[row]!, b[row]!);
        const [x, y] = [lossAndGradients(model, narrow), lossAndGradients(model, wide)];
        expect(y.loss).toBe(x.loss);
        for (const [name, gradient] of x.gradients)
          expect(largestDifference(gradient, y.gradients.get(name)), name).toBeLessThan(1e-6);
      }));

    test('garbage in the padding changes neither logits nor loss nor gradients', () =>
      withModel(model => {
        const clean = tinyBatch(rows, { length: 10 });
        const before = { logits: realLogits(model, clean), ...lossAndGradients(model, clean) };
        for (const seed of [1, 2, 3]) {
          const dirty = withGarbage(clean, seed);
          expect(dirty.tokens).not.toEqual(clean.tokens);
          expect(realLogits(model, dirty)).toEqual(before.logits);
          const { loss, gradients } = lossAndGradients(model, dirty);
          expect(loss).toBe(before.loss);
          for (const [name, gradient] of gradients)
            expect(gradient, name).toEqual(before.gradients.get(name));
        }
      }));

    test('even garbage in the padded places of the Transformer itself reaches no real place', () =>
      withModel(model => {
        const batch = tinyBatch(rows);
        const plan = layout(batch, model.config);
        const garbage = {
          ...plan,
          inputs: plan.inputs.map((id, at) =>
            at % plan.length < plan.lengths[Math.floor(at / plan.length)]! ? id : 17,
          ),
          prefix: {
            length: plan.prefix.length,
            tokens: plan.prefix.tokens.map((id, at) =>
              at % plan.prefix.length < plan.prefixLengths[Math.floor(at / plan.prefix.length)]! ? id : 18,
            ),
          },
        };
        expect(garbage.inputs).not.toEqual(plan.inputs);
        tf.tidy(() => {
          const [a, b] = [plan, garbage].map(p =>
            model.network.hidden(upload(inputArrays(p, batch))).dataSync(),
          );
          const width = model.config.width;
          for (let row = 0; row < 4; row++) {
            const [from, to] = [row * plan.length, row * plan.length + plan.lengths[row]!].map(
              n => n * width,
            );
            expect(largestDifference(a!.slice(from, to), b!.slice(from, to))).toBe(0);
          }
        });
      }));

    test('loss and gradients of a batch are those of its rows alone, weighted by their loss tokens', () =>
      withModel(model => {
        const batch = tinyBatch(rows);
        const together = lossAndGradients(model, batch);
        const alone = rows.map((_, b) => lossAndGradients(model, onlyRow(batch, b)));
        const tokens = rows.map((_, b) => model.lossTokens(onlyRow(batch, b)));
        expect(tokens).toEqual([2, 5, 2, 1]);
        const mean = (values: readonly number[]) =>
          values.reduce((sum, value, b) => sum + value * tokens[b]!, 0) / model.lossTokens(batch);
        expect(together.loss).toBeCloseTo(mean(alone.map(({ loss }) => loss)), 5);
        for (const [name, gradient] of together.gradients) {
          const parts = alone.map(({ gradients }) => gradients.get(name));
          const expected = gradient.map((_, i) => mean(parts.map(part => part[i]!)));
          expect(largestDifference(gradient, expected), name).toBeLessThan(1e-5);
        }
      }));

    test('the loss of several batches is the mean over all their loss tokens', () =>
      withModel(model => {
        const [pairs, documents] = [tinyBatch(rows), tinyBatch(rows.slice(1), { images: false })];
        const [a, b] = [model.lossTokens(pairs), model.lossTokens(documents)];
        const expected =
          (a * lossAndGradients(model, pairs).loss + b * lossAndGradients(model, documents).loss) / (a + b);
        expect(lossAndGradients(model, [pairs, documents]).loss).toBeCloseTo(expected, 5);
      }));
  });
});
