import {
  attentionReference,
  draw,
  expectClose,
  filled,
  floats,
  ints,
  type Values,
} from '@simvlm/conformance';
import { fusedKernel } from '@simvlm/ops';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bench } from './harness.test-util';

// What these kernels do where the contract leaves it open; the contract itself is in the conformance suite.

const { normal } = draw('beyond the contract');
let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create();
});
afterAll(() => bench.dispose());

test('an id outside the table reads zeros and changes nothing', () => {
  const ids = ints([4], [2, -1, 3, 0]);
  const table = normal([3, 2]);
  const [y] = bench.run(fusedKernel.embedding, { table, ids });
  expect([...y!.slice(2, 6)]).toEqual([0, 0, 0, 0]);
  const dy = floats([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
  const [dtable] = bench.run(fusedKernel.embeddingGrad, { ids, dy }, { vocabSize: 3 });
  expect([...dtable!]).toEqual([7, 8, 0, 0, 1, 2]);
});

test('a label outside the vocabulary gives a loss that is not a number, and harms no other row', () => {
  const inputs = { logits: normal([2, 3]), labels: ints([2], [3, 1]), weights: filled([2], 1) };
  const [loss] = bench.run(fusedKernel.crossEntropy, inputs, { labelSmoothing: 0 });
  expect(loss![0]).toBeNaN();
  expect(loss![1]).toBeGreaterThan(0);
});

test('a key that no query sees may be NaN', () => {
  const shape = [1, 5, 1, 4];
  const make = (filler: number) => {
    const padded: Values = { ...filled(shape, 0.5), data: filled(shape, 0.5).data.fill(filler, 3 * 4) };
    const lengths = ints([1], [3]);
    return { q: filled(shape, 0.5), k: padded, v: padded, keyLengths: lengths, prefixLengths: lengths };
  };
  const attrs = { offset: 0, scale: 1, gridHeight: 0, gridWidth: 0 };
  const [clean] = bench.run(fusedKernel.prefixAttention, make(0), attrs);
  const [dirty] = bench.run(fusedKernel.prefixAttention, make(Number.NaN), attrs);
  expect(dirty).toEqual(clean);
});

test.each([0, -0.7])('attention with a scale of %d is as good as any', scale => {
  const shape = [2, 6, 1, 8];
  const inputs = {
    ...{ q: normal(shape), k: normal(shape), v: normal(shape) },
    ...{ keyLengths: ints([2], [6, 3]), prefixLengths: ints([2], [0, 2]) },
  };
  const attrs = { offset: 0, scale, gridHeight: 0, gridWidth: 0 };
  const [y, lse] = bench.run(fusedKernel.prefixAttention, inputs, attrs);
  const want = attentionReference(inputs, attrs);
  expectClose(y!, want.y, 2e-6);
  expectClose(lse!, want.lse, 2e-6);
});

test('a bias holds for image tokens behind an offset too', () => {
  const inputs = {
    ...{ q: normal([2, 5, 2, 8]), k: normal([2, 16, 2, 8]), v: normal([2, 16, 2, 8]), bias: normal([2, 9]) },
    ...{ keyLengths: ints([2], [8, 7]), prefixLengths: ints([2], [4, 0]) },
  };
  const attrs = { offset: 3, scale: 0.35, gridHeight: 2, gridWidth: 2 };
  const [y] = bench.run(fusedKernel.prefixAttention, inputs, attrs);
  expectClose(y!, attentionReference(inputs, attrs).y, 2e-6);
});

test('the inputs of the global norm may come as a list or by number', () => {
  const tensors = [normal([3]), normal([5, 7])];
  const [listed] = bench.run(fusedKernel.globalNorm, tensors);
  expect(bench.run(fusedKernel.globalNorm, Object.fromEntries(tensors.entries()))).toEqual([listed]);
});
