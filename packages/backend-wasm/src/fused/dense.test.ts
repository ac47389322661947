import { fusedKernel } from '@simvlm/ops';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Bench,
  floats,
  integers,
  ints,
  normal,
  numericGradient,
  type ValueMap,
  type Values,
  worst,
} from './harness.test-util';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create();
});
afterAll(() => bench.dispose());

const asValues = (data: Float32Array, shape: readonly number[]): Values => ({
  shape,
  data: Float64Array.from(data),
  dtype: 'float32',
});

const gelu = (z: number) => 0.5 * z * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)));

describe.each([
  { rows: 1, inputs: 1, outputs: 1 },
  { rows: 3, inputs: 5, outputs: 7 },
  { rows: 33, inputs: 8, outputs: 20 },
])('linear $rows × $inputs → $outputs', ({ rows, inputs, outputs }) => {
  describe.each([
    { activation: 'none', transposeW: false, bias: true },
    { activation: 'gelu', transposeW: false, bias: true },
    { activation: 'gelu', transposeW: true, bias: false },
    { activation: 'none', transposeW: true, bias: false },
  ])('activation $activation, transposeW $transposeW, bias $bias', ({ activation, transposeW, bias }) => {
    const attrs = { activation, transposeW };
    const given: ValueMap = {
      x: normal([rows, inputs]),
      w: normal(transposeW ? [outputs, inputs] : [inputs, outputs]),
      ...(bias && { b: normal([outputs]) }),
    };
    const dy = normal([rows, outputs]);
    const forward = ({ x, w, b }: ValueMap) => {
      const z = new Float64Array(rows * outputs);
      for (let r = 0; r < rows; r++)
        for (let o = 0; o < outputs; o++) {
          let sum = b?.data[o] ?? 0;
          for (let i = 0; i < inputs; i++)
            sum += x!.data[r * inputs + i]! * w!.data[transposeW ? o * inputs + i : i * outputs + o]!;
          z[r * outputs + o] = sum;
        }
      return { z, y: activation === 'gelu' ? z.map(gelu) : z };
    };

    test('is that of float64, and its gradient that of finite differences', () => {
      const [y, z] = bench.run(fusedKernel.linear, given, attrs);
      const want = forward(given);
      expect(worst(y!, want.y)).toBeLessThan(3e-6);
      if (activation === 'gelu') expect(worst(z!, want.z)).toBeLessThan(3e-6);
      else expect(z).toBeUndefined();
      const saved = { x: given.x!, w: given.w!, dy, ...(z && { z: asValues(z, [rows, outputs]) }) };
      const gradients = bench.run(fusedKernel.linearGrad, saved, attrs);
      for (const [i, name] of ['x', 'w', 'b'].entries()) {
        const values = { ...given, b: given.b ?? { ...normal([outputs]), data: new Float64Array(outputs) } };
        const numeric = numericGradient(changed => forward(changed).y, values, name, dy);
        expect(worst(gradients[i]!, numeric), name).toBeLessThan(1e-5);
      }
    });
  });
});

test('GELU is right over the whole range, and its gradient', () => {
  const z = floats(
    [1, 4001],
    Array.from({ length: 4001 }, (_, i) => (i - 2000) / 100),
  );
  const one = floats([1, 1], [1]);
  const wide = { ...z, shape: [1, 4001] };
  const [y] = bench.run(fusedKernel.linear, { x: one, w: wide }, { activation: 'gelu', transposeW: false });
  z.data.forEach((v, i) => {
    expect(Math.abs(y![i]! - gelu(v))).toBeLessThanOrEqual(
      4e-7 * Math.abs(gelu(v)) + 1e-12 + (v < -1 ? 1e-7 : 0),
    );
  });
  const dy = { ...wide, data: new Float64Array(4001).fill(1) };
  const [, , db] = bench.run(
    fusedKernel.linearGrad,
    { x: one, w: wide, z: wide, dy },
    { activation: 'gelu', transposeW: false },
  );
  const slope = z.data.map(v => (gelu(v + 1e-5) - gelu(v - 1e-5)) / 2e-5);
  expect(worst(db!, slope)).toBeLessThan(2e-6);
});

test('linear of no rows gives weights a gradient of 0', () => {
  const given = { x: normal([0, 3]), w: normal([3, 5]), dy: normal([0, 5]) };
  const [dx, dw, db] = bench.run(fusedKernel.linearGrad, given, { activation: 'none', transposeW: false });
  expect([dx!.length, ...dw!, ...db!]).toEqual(Array(21).fill(0));
});

describe.each([
  { rows: 1, width: 1, vocabulary: 1 },
  { rows: 50, width: 7, vocabulary: 5 },
  { rows: 300, width: 12, vocabulary: 1000 },
])('embedding of $rows ids, width $width, vocabulary $vocabulary', ({ rows, width, vocabulary }) => {
  const table = normal([vocabulary, width]);
  const ids = integers([rows], vocabulary);
  const dy = normal([rows, width]);

  test('looks rows up, and sums their gradients', () => {
    const [y] = bench.run(fusedKernel.embedding, { table, ids });
    expect([...y!]).toEqual([...ids.data].flatMap(id => [...table.data.slice(id * width, (id + 1) * width)]));
    const [dtable] = bench.run(fusedKernel.embeddingGrad, { ids, dy }, { vocabSize: vocabulary });
    const want = new Float64Array(vocabulary * width);
    dy.data.forEach((v, i) => {
      want[ids.data[Math.floor(i / width)]! * width + (i % width)]! += v;
    });
    expect(worst(dtable!, want)).toBeLessThan(3e-6);
  });
});

test('an id outside the table reads zeros and changes nothing', () => {
  const ids = ints([4], [2, -1, 3, 0]);
  const table = normal([3, 2]);
  const [y] = bench.run(fusedKernel.embedding, { table, ids });
  expect([...y!.slice(2, 6)]).toEqual([0, 0, 0, 0]);
  const dy = floats([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
  const [dtable] = bench.run(fusedKernel.embeddingGrad, { ids, dy }, { vocabSize: 3 });
  expect([...dtable!]).toEqual([7, 8, 0, 0, 1, 2]);
});

test('cache write puts each row at its own position and leaves the cache as it was', () => {
  const cache = normal([3, 4, 2, 3]);
  const update = normal([3, 2, 2, 3]);
  const [out] = bench.run(fusedKernel.cacheWrite, { cache, update, positions: ints([3], [0, 2, 3]) });
  const want = cache.data.slice();
  want.set(update.data.slice(0, 12), 0);
  want.set(update.data.slice(12, 24), 24 + 12);
  // The last row has room for one token only.
  want.set(update.data.slice(24, 30), 48 + 18);
  expect([...out!]).toEqual([...want]);
});
