import { Random } from '@simvlm/core';
import { fusedKernel, type LinearGradAttrs, linear } from '@simvlm/ops';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type FewForm, fewProgram } from '../src/gemm-few';
import { type GemmForm, tileProgram } from '../src/gemm-tile';
import { webGpuBackend } from '../src/index';
import { moduleText } from '../src/program';
import { describe, ready, test } from './node';

const random = Random.fromSeed(7);

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

function normal(rows: number, columns: number): Matrix {
  return { rows, columns, data: Float32Array.from({ length: rows * columns }, () => random.normal()) };
}

function turned({ rows, columns, data }: Matrix): Matrix {
  const at = (i: number) => data[(i % rows) * columns + Math.floor(i / rows)]!;
  return { rows: columns, columns: rows, data: data.map((_, i) => at(i)) };
}

/** A · B in float64. */
function product(a: Matrix, b: Matrix): Float64Array {
  const [K, N] = [a.columns, b.columns];
  const c = new Float64Array(a.rows * N);
  for (let m = 0; m < a.rows; m++)
    for (let k = 0; k < K; k++)
      for (let n = 0; n < N; n++) c[m * N + n]! += a.data[m * K + k]! * b.data[k * N + n]!;
  return c;
}

function tensor({ rows, columns, data }: Matrix): tf.Tensor2D {
  return tf.tensor2d(data, [rows, columns]);
}

async function expectNear(got: tf.Tensor, want: ArrayLike<number>, K: number): Promise<void> {
  const values = await got.data();
  expect(values.length).toBe(want.length);
  let worst = 0;
  for (const [i, value] of values.entries()) worst = Math.max(worst, Math.abs(value - want[i]!));
  // What float32 sums of K terms of size 1 may be off by.
  expect(worst).toBeLessThan(2e-6 * Math.sqrt(K + 1) + 1e-7 * K);
}

/** Runs with a count of launches. */
async function counted(run: () => unknown): Promise<number> {
  const before = webGpuBackend()!.launches;
  await run();
  return webGpuBackend()!.launches - before;
}

beforeAll(async () => {
  await ready();
  await tf.setBackend('webgpu');
});

/** Both kinds of programs, whichever this device would take. */
const kinds = ['workgroup', 'registers'] as const;

function useTiles(tiles: (typeof kinds)[number]): void {
  let usual: (typeof kinds)[number];
  beforeAll(() => {
    const backend = webGpuBackend()!;
    usual = backend.tiles;
    backend.tiles = tiles;
  });
  afterAll(() => {
    webGpuBackend()!.tiles = usual;
  });
}

describe.each(kinds)('a matrix product is that of float64, tiles in %s', tiles => {
  useTiles(tiles);

  describe.each([
    // A tile of each size with a rest at every end, widths of fours and not.
    { M: 70, N: 36, K: 21 },
    { M: 33, N: 35, K: 8 },
    { M: 520, N: 516, K: 20 },
    { M: 515, N: 513, K: 9 },
    { M: 70, N: 36, K: 24 },
    { M: 68, N: 100, K: 8 },
    // Few rows.
    { M: 1, N: 100, K: 72 },
    { M: 3, N: 37, K: 29 },
    { M: 8, N: 4, K: 300 },
    // Slabs of K.
    { M: 40, N: 44, K: 1024 },
    { M: 9, N: 13, K: 1001 },
  ])('$M × $K × $N', ({ M, N, K }) => {
    const [a, b] = [normal(M, K), normal(K, N)];
    const want = product(a, b);

    test.each([
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ])('transposed: %s, %s', async (ta, tb) => {
      const [x, y] = [tensor(ta ? turned(a) : a), tensor(tb ? turned(b) : b)];
      await expectNear(tf.matMul(x, y, ta, tb), want, K);
    });
  });
});

describe('products at the edge of what there is', () => {
  test('without terms are 0, or the bias', async () => {
    expect([...(await tf.matMul(tf.zeros([3, 0]), tf.zeros([0, 4])).data())]).toEqual(Array(12).fill(0));
    const bias = tf.tensor1d([1, -2, 3, -4]);
    const [a, b] = [tf.zeros<tf.Rank.R2>([9, 0]), tf.zeros<tf.Rank.R2>([0, 4])];
    expect([...(await linear(a, b, bias).data())]).toEqual(Array(9).fill([1, -2, 3, -4]).flat());
    const relu = tf.fused.matMul({ a, b, bias, activation: 'relu' });
    expect([...(await relu.data())]).toEqual(Array(9).fill([1, 0, 3, 0]).flat());
  });

  test('without elements have none', async () => {
    const c = tf.matMul(tf.zeros([0, 3]), tf.ones([3, 4]));
    expect([c.shape, (await c.data()).length]).toEqual([[0, 4], 0]);
  });

  describe.each(kinds)('of more batches than a launch takes, tiles in %s', tiles => {
    useTiles(tiles);
    afterEach(() => {
      const backend = webGpuBackend()!;
      backend.mostGroups = backend.device.limits.maxComputeWorkgroupsPerDimension;
    });

    test.each([true, false])('each on a matrix of its own: %s', async isOwn => {
      // As a device would that takes three; seven batches are three launches.
      webGpuBackend()!.mostGroups = 3;
      const pairs = Array.from({ length: 7 }, () => [normal(12, 8), normal(8, 4)] as const);
      const [a, b] = [pairs.map(pair => tensor(pair[0])), pairs.map(pair => tensor(pair[1]))];
      const [x, y] = [tf.stack(a), isOwn ? tf.stack(b) : tf.expandDims(b[0]!, 0)];
      let c: tf.Tensor | undefined;
      const launches = await counted(() => {
        c = tf.matMul(x, y);
      });
      expect(launches).toBe(3);
      const want = pairs.flatMap(pair => [...product(pair[0], pairs[isOwn ? pairs.indexOf(pair) : 0]![1])]);
      await expectNear(c!, want, 8);
    });
  });

  test('of batches on one matrix', async () => {
    const [a, b] = [normal(6, 5), normal(5, 7)];
    const many = tf.reshape(tensor(a), [2, 3, 5]) as tf.Tensor3D;
    await expectNear(tf.matMul(many, tf.expandDims(tensor(b), 0) as tf.Tensor3D), product(a, b), 5);
  });
});

describe.each(kinds)('the gradient of linear, tiles in %s', tiles => {
  useTiles(tiles);

  test.each([
    { R: 44, I: 36, O: 20, transposeW: false },
    { R: 44, I: 68, O: 12, transposeW: true },
    { R: 40, I: 36, O: 20, transposeW: false },
    { R: 41, I: 35, O: 19, transposeW: true },
    // In slabs.
    { R: 600, I: 33, O: 40, transposeW: false },
    { R: 600, I: 36, O: 30, transposeW: true },
  ])('of $R × $I → $O, transposeW $transposeW', async ({ R, I, O, transposeW }) => {
    const [x, w, dy] = [normal(R, I), normal(I, O), normal(R, O)];
    const attrs = { activation: 'none', transposeW, wanted: 'all' } satisfies LinearGradAttrs;
    const inputs = { x: tensor(x), w: tensor(transposeW ? turned(w) : w), dy: tensor(dy) };
    const gradients = () =>
      tf.engine().runKernel(fusedKernel.linearGrad, inputs, attrs) as unknown as tf.Tensor[];
    const [dx, dw, db] = gradients() as [tf.Tensor, tf.Tensor, tf.Tensor];
    await expectNear(dx, product(dy, turned(w)), O);
    await expectNear(dw, transposeW ? product(turned(dy), x) : product(turned(x), dy), R);
    const ones = { rows: 1, columns: R, data: new Float32Array(R).fill(1) };
    await expectNear(db, product(ones, dy), R);
    // Sums are added in one order always.
    expect(await gradients()[1]!.data()).toEqual(await dw.data());
  });

  test('takes three launches with an activation, two without', async () => {
    const [x, w, dy] = [tensor(normal(64, 32)), tensor(normal(32, 64)), tensor(normal(64, 64))];
    const run = (activation: LinearGradAttrs['activation'], wanted: LinearGradAttrs['wanted'] = 'all') =>
      tf
        .engine()
        .runKernel(fusedKernel.linearGrad, { x, w, z: dy, dy }, { activation, transposeW: false, wanted });
    expect(await counted(() => run('gelu-erf'))).toBe(3);
    expect(await counted(() => run('none'))).toBe(2);
    expect(await counted(() => run('none', 'x'))).toBe(1);
  });
});

describe('a sum of many tensors', () => {
  test.each([2, 9, 40])('of %i', async count => {
    const numbers = Array.from({ length: count }, (_, i) => normal(i + 1, 3).data.slice(-3));
    const sum = tf.addN(numbers.map(three => tf.tensor1d(three)));
    const want = [0, 1, 2].map(i => numbers.reduce((all, three) => all + three[i]!, 0));
    await expectNear(sum, want, count);
  });

  test('leaves nothing behind', () => {
    const tensors = Array.from({ length: 40 }, () => tf.ones([3]));
    const before = webGpuBackend()!.numDataIds();
    tf.addN(tensors).dispose();
    expect(webGpuBackend()!.numDataIds()).toBe(before);
  });
});

describe('the text of the programs', () => {
  const form: GemmForm = {
    ...{ side: 64, transposeA: false, transposeB: false, wide: { a: false, b: true, c: true } },
    ...{ bias: true, activation: 'gelu', z: true, half: false },
  };

  test('multiplies in f16 where it may, and adds in f32', () => {
    const single = moduleText(tileProgram(form));
    expect(single).not.toContain('f16');
    const half = moduleText(tileProgram({ ...form, half: true }));
    expect(half).toMatch(/^enable f16;\n/);
    expect(half).toContain('var<workgroup> tileA: array<vec4<f16>,');
    expect(half).toContain('acc7 += vec4<f32>(a1.w * b);');
    expect(half).toContain('= vec4<f16>(nextB);');
    // Nothing else changes.
    const undone = half
      .replace('enable f16;\n', '')
      .replaceAll('vec4<f16>(nextA)', 'nextA')
      .replaceAll('vec4<f16>(nextB)', 'nextB')
      .replaceAll('f16', 'f32')
      .replace(/\+= vec4<f32>\((a\d\.\w \* b)\);/g, '+= $1;');
    expect(undone).toBe(single);
  });

  test('keeps to 16 KiB of workgroup memory', () => {
    const few: FewForm = {
      ...{ rows: 8, transposeB: true, wide: true, wideC: true, bias: true, activation: 'gelu', z: true },
      ...{ residual: true, norm: true },
    };
    for (const program of [tileProgram({ ...form, transposeA: true, sums: 'a' }), fewProgram(few)]) {
      const arrays = moduleText(program).matchAll(/var<workgroup> \w+: array<vec(\d)<f32>, (\d+)>/g);
      const bytes = [...arrays].reduce(
        (sum, [, width, length]) => sum + 4 * Number(width) * Number(length),
        0,
      );
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThanOrEqual(16384);
    }
  });
});
