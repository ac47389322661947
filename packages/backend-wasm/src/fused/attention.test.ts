import { fusedKernel, type PrefixAttentionAttrs } from '@simvlm/ops';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench, ints, normal, numericGradient, type ValueMap, type Values, worst } from './harness.test-util';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create();
});
afterAll(() => bench.dispose());

/** Attention as the contract states it, one number at a time in float64. */
function reference(inputs: ValueMap, { offset, scale, gridHeight, gridWidth }: PrefixAttentionAttrs) {
  const { q, k, v, keyLengths, prefixLengths, bias } = inputs as ValueMap & Record<'q' | 'k' | 'v', Values>;
  const [batch, queries, heads, width] = q.shape as [number, number, number, number];
  const keys = k.shape[1]!;
  const tokens = bias ? gridHeight * gridWidth : 0;
  const y = new Float64Array(q.data.length);
  const lse = new Float64Array(batch * heads * queries).fill(Number.NEGATIVE_INFINITY);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < queries; i++) {
        const at = (x: Values, row: number) => ((b * x.shape[1]! + row) * heads + h) * width;
        const position = i + offset;
        const seen: { j: number; score: number }[] = [];
        for (let j = 0; j < keys; j++) {
          const visible = j < keyLengths!.data[b]! && (j < prefixLengths!.data[b]! || j <= position);
          if (!visible) continue;
          let score = 0;
          for (let c = 0; c < width; c++) score += q.data[at(q, i) + c]! * k.data[at(k, j) + c]! * scale;
          if (position < tokens && j < tokens) {
            const dy = Math.floor(j / gridWidth) - Math.floor(position / gridWidth) + gridHeight - 1;
            const dx = (j % gridWidth) - (position % gridWidth) + gridWidth - 1;
            score += bias!.data[h * bias!.shape[1]! + dy * (2 * gridWidth - 1) + dx]!;
          }
          seen.push({ j, score });
        }
        if (seen.length === 0) continue;
        const largest = Math.max(...seen.map(({ score }) => score));
        const sum = seen.reduce((total, { score }) => total + Math.exp(score - largest), 0);
        lse[(b * heads + h) * queries + i] = largest + Math.log(sum);
        for (const { j, score } of seen)
          for (let c = 0; c < width; c++)
            y[at(q, i) + c]! += (Math.exp(score - largest) / sum) * v.data[at(v, j) + c]!;
      }
  return { y, lse };
}

interface Case {
  use: string;
  queries: number;
  keys: number;
  heads?: number;
  width?: number;
  keyLengths: number[];
  prefixLengths: number[];
  offset?: number;
  grid?: [number, number];
}

const cases: Case[] = [
  { use: 'encoder', queries: 9, keys: 9, keyLengths: [9, 4, 0], prefixLengths: [9, 4, 0], grid: [2, 2] },
  { use: 'decoder', queries: 10, keys: 10, keyLengths: [10, 3, 1], prefixLengths: [0, 0, 0] },
  { use: 'cross-attention', queries: 6, keys: 11, keyLengths: [11, 5, 1], prefixLengths: [11, 5, 1] },
  {
    use: 'decoder-only',
    queries: 13,
    keys: 13,
    keyLengths: [13, 12, 9],
    prefixLengths: [7, 6, 9],
    grid: [2, 3],
  },
  {
    use: 'cached decoding',
    queries: 1,
    keys: 14,
    keyLengths: [8, 8, 3],
    prefixLengths: [0, 6, 3],
    offset: 7,
  },
  {
    use: 'cached cross-attention',
    queries: 1,
    keys: 9,
    keyLengths: [9, 2, 0],
    prefixLengths: [9, 2, 0],
    offset: 5,
  },
  {
    use: 'a chunk into the cache',
    queries: 5,
    keys: 16,
    keyLengths: [8, 8, 7],
    prefixLengths: [4, 0, 0],
    offset: 3,
    grid: [2, 2],
  },
  { use: 'one token', queries: 1, keys: 1, heads: 1, keyLengths: [1], prefixLengths: [0] },
  { use: 'one wide head', queries: 4, keys: 4, heads: 1, width: 128, keyLengths: [4], prefixLengths: [2] },
  {
    use: 'odd widths',
    queries: 7,
    keys: 7,
    heads: 3,
    width: 10,
    keyLengths: [7, 6],
    prefixLengths: [3, 0],
    grid: [1, 5],
  },
  {
    use: 'width 3',
    queries: 2,
    keys: 5,
    heads: 2,
    width: 3,
    keyLengths: [5, 4],
    prefixLengths: [5, 1],
    offset: 1,
  },
  {
    use: 'tiles of queries',
    queries: 70,
    keys: 70,
    heads: 2,
    width: 8,
    keyLengths: [70, 61],
    prefixLengths: [20, 0],
    grid: [4, 4],
  },
  { use: 'lengths beyond the keys', queries: 4, keys: 4, keyLengths: [9], prefixLengths: [9] },
  {
    use: 'many rows',
    queries: 3,
    keys: 4,
    heads: 4,
    width: 4,
    keyLengths: Array(40).fill(4),
    prefixLengths: Array(40).fill(1),
  },
];

describe.each(cases)(
  'attention: $use',
  ({ queries, keys, heads = 2, width = 8, keyLengths, prefixLengths, offset = 0, grid }) => {
    const batch = keyLengths.length;
    const attrs = {
      offset,
      scale: 1 / Math.sqrt(width),
      gridHeight: grid?.[0] ?? 0,
      gridWidth: grid?.[1] ?? 0,
    };
    const inputs: ValueMap = {
      q: normal([batch, queries, heads, width]),
      k: normal([batch, keys, heads, width]),
      v: normal([batch, keys, heads, width]),
      keyLengths: ints([batch], keyLengths),
      prefixLengths: ints([batch], prefixLengths),
      ...(grid && { bias: normal([heads, (2 * grid[0] - 1) * (2 * grid[1] - 1)]) }),
    };
    const dy = normal([batch, queries, heads, width]);

    test('is that of float64; what sees nothing is 0', () => {
      const [y, lse] = bench.run(fusedKernel.prefixAttention, inputs, attrs);
      const want = reference(inputs, attrs);
      expect(worst(y!, want.y)).toBeLessThan(2e-6);
      expect(worst(lse!, want.lse)).toBeLessThan(2e-6);
    });

    test('has the gradient of finite differences', () => {
      const [y, lse] = bench.run(fusedKernel.prefixAttention, inputs, attrs);
      const saved = {
        y: { ...dy, data: Float64Array.from(y!) },
        lse: { ...dy, shape: [batch, heads, queries], data: Float64Array.from(lse!) },
      };
      const gradients = bench.run(fusedKernel.prefixAttentionGrad, { ...inputs, ...saved, dy }, attrs);
      const names = ['q', 'k', 'v', ...(grid ? ['bias'] : [])];
      expect(gradients.length).toBe(names.length);
      for (const [n, name] of names.entries()) {
        // A finite difference each for a sample of the numbers: float64 attention is slow.
        const numbers = inputs[name]!.data.length;
        const every = Math.max(1, Math.floor((numbers * queries * keys * batch) / 40_000));
        const picked = Array.from({ length: Math.ceil(numbers / every) }, (_, i) => i * every);
        const sample = { ...inputs[name]!, data: Float64Array.from(picked, i => inputs[name]!.data[i]!) };
        const spread = (values: ValueMap) => {
          const data = inputs[name]!.data.slice();
          picked.forEach((i, s) => {
            data[i] = values.sample!.data[s]!;
          });
          return reference({ ...inputs, [name]: { ...inputs[name]!, data } }, attrs).y;
        };
        const want = numericGradient(spread, { sample }, 'sample', dy);
        expect(
          worst(
            Float32Array.from(picked, i => gradients[n]![i]!),
            want,
          ),
          name,
        ).toBeLessThan(5e-6);
      }
    });
  },
);

test('scores of thousands neither overflow nor vanish', () => {
  const inputs = {
    q: normal([1, 6, 1, 8], 100),
    k: normal([1, 6, 1, 8], 100),
    v: normal([1, 6, 1, 8]),
    keyLengths: ints([1], [6]),
    prefixLengths: ints([1], [0]),
  };
  const attrs = { offset: 0, scale: 0.35, gridHeight: 0, gridWidth: 0 };
  const [y] = bench.run(fusedKernel.prefixAttention, inputs, attrs);
  expect(worst(y!, reference(inputs, attrs).y)).toBeLessThan(1e-2);
});

test('a key that is not visible may be anything, NaN too', () => {
  const make = (filler: number) => {
    const values = normal([1, 5, 1, 4]).data.fill(0.5);
    const padded = { shape: [1, 5, 1, 4], dtype: 'float32' as const, data: values.slice() };
    padded.data.fill(filler, 3 * 4);
    return {
      q: { ...padded, data: values },
      k: padded,
      v: padded,
      keyLengths: ints([1], [3]),
      prefixLengths: ints([1], [3]),
    };
  };
  const attrs = { offset: 0, scale: 1, gridHeight: 0, gridWidth: 0 };
  const [clean] = bench.run(fusedKernel.prefixAttention, make(0), attrs);
  const [dirty] = bench.run(fusedKernel.prefixAttention, make(Number.NaN), attrs);
  expect(dirty).toEqual(clean);
});

test('no queries give gradients of 0', () => {
  const none = normal([1, 0, 2, 4]);
  const some = normal([1, 3, 2, 4]);
  const lengths = ints([1], [3]);
  const inputs = {
    q: none,
    k: some,
    v: some,
    keyLengths: lengths,
    prefixLengths: lengths,
    y: none,
    lse: normal([1, 2, 0]),
    dy: none,
  };
  const [dq, dk, dv] = bench.run(fusedKernel.prefixAttentionGrad, inputs, {
    offset: 0,
    scale: 1,
    gridHeight: 0,
    gridWidth: 0,
  });
  expect(dq!.length).toBe(0);
  expect([...dk!, ...dv!]).toEqual(Array(48).fill(0));
});

test('a later token never changes an earlier row, bit for bit; a token of the prefix does', () => {
  const shape = [1, 11, 2, 8];
  const inputs = {
    q: normal(shape),
    k: normal(shape),
    v: normal(shape),
    keyLengths: ints([1], [11]),
    prefixLengths: ints([1], [4]),
  };
  const attrs = { offset: 0, scale: 0.35, gridHeight: 0, gridWidth: 0 };
  const changed = (token: number) => {
    const edit = (values: Values) => ({
      ...values,
      data: values.data.map((x, i) => (Math.floor(i / 16) === token ? x + 1 : x)),
    });
    const [y] = bench.run(
      fusedKernel.prefixAttention,
      { ...inputs, k: edit(inputs.k), v: edit(inputs.v) },
      attrs,
    );
    return y!;
  };
  const [before] = bench.run(fusedKernel.prefixAttention, inputs, attrs);
  for (let token = 4; token < 11; token++) {
    const after = changed(token);
    expect(after.slice(0, token * 16), `token ${token}`).toEqual(before!.slice(0, token * 16));
    expect(after.slice(token * 16, (token + 1) * 16)).not.toEqual(
      before!.slice(token * 16, (token + 1) * 16),
    );
  }
  expect(changed(3).slice(0, 16)).not.toEqual(before!.slice(0, 16));
});

test('a scale of 0 or below is as good as any', () => {
  const inputs = {
    q: normal([2, 6, 1, 8]),
    k: normal([2, 6, 1, 8]),
    v: normal([2, 6, 1, 8]),
    keyLengths: ints([2], [6, 3]),
    prefixLengths: ints([2], [0, 2]),
  };
  for (const scale of [0, -0.7]) {
    const attrs = { offset: 0, scale, gridHeight: 0, gridWidth: 0 };
    const [y, lse] = bench.run(fusedKernel.prefixAttention, inputs, attrs);
    const want = reference(inputs, attrs);
    expect(worst(y!, want.y)).toBeLessThan(2e-6);
    expect(worst(lse!, want.lse)).toBeLessThan(2e-6);
  }
});
