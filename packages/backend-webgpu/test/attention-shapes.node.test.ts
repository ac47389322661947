import { attentionReference, draw, expectClose, ints, toTensors, type ValueMap } from '@simvlm/conformance';
import { fusedKernel, type PrefixAttentionAttrs } from '@simvlm/ops';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { webGpuBackend } from '../src/index';
import { describe, ready, test } from './node';

/** Shapes that the conformance suite, whose references are slow, leaves out: several tiles, chunks of heads, all kinds of widths. */
interface Shape {
  readonly Tq: number;
  readonly Tk: number;
  readonly H: number;
  readonly d: number;
  readonly keyLengths: readonly number[];
  readonly prefixLengths: readonly number[];
  readonly offset?: number;
  readonly grid?: readonly [number, number];
}

const shapes: readonly Shape[] = [
  { Tq: 33, Tk: 65, H: 2, d: 64, keyLengths: [65, 40], prefixLengths: [50, 0], offset: 7 },
  { Tq: 40, Tk: 40, H: 1, d: 80, keyLengths: [40, 33], prefixLengths: [9, 33] },
  { Tq: 12, Tk: 35, H: 1, d: 256, keyLengths: [35], prefixLengths: [35] },
  { Tq: 9, Tk: 33, H: 1, d: 37, keyLengths: [33, 0], prefixLengths: [33, 0] },
  { Tq: 100, Tk: 100, H: 2, d: 8, keyLengths: [100, 90], prefixLengths: [81, 81], grid: [9, 9] },
  { Tq: 70, Tk: 90, H: 1, d: 4, keyLengths: [88], prefixLengths: [70], grid: [1, 70] },
  { Tq: 70, Tk: 90, H: 1, d: 4, keyLengths: [88], prefixLengths: [90], grid: [35, 2] },
];

const few: readonly Shape[] = [
  { Tq: 1, Tk: 300, H: 2, d: 64, keyLengths: [300, 131], prefixLengths: [200, 0], offset: 299 },
  { Tq: 3, Tk: 140, H: 1, d: 256, keyLengths: [140], prefixLengths: [0], offset: 126 },
  { Tq: 8, Tk: 8, H: 1, d: 100, keyLengths: [8], prefixLengths: [6], grid: [2, 3] },
  { Tq: 1, Tk: 129, H: 1, d: 31, keyLengths: [129, 0], prefixLengths: [129, 0] },
  { Tq: 1, Tk: 5, H: 1, d: 600, keyLengths: [5], prefixLengths: [5] },
];

function problem(shape: Shape): { inputs: ValueMap; attrs: PrefixAttentionAttrs } {
  const { Tq, Tk, H, d, keyLengths, prefixLengths, offset = 0, grid } = shape;
  const B = keyLengths.length;
  const { normal } = draw(JSON.stringify(shape));
  const [gridHeight, gridWidth] = grid ?? [0, 0];
  return {
    inputs: {
      ...{ q: normal([B, Tq, H, d]), k: normal([B, Tk, H, d]), v: normal([B, Tk, H, d]) },
      ...{ keyLengths: ints([B], keyLengths), prefixLengths: ints([B], prefixLengths) },
      ...(grid && { bias: normal([H, (2 * gridHeight - 1) * (2 * gridWidth - 1)]) }),
    },
    attrs: { offset, scale: 1 / Math.sqrt(d), gridHeight, gridWidth },
  };
}

async function run(kernel: string, tensors: tf.NamedTensorMap, attrs: object): Promise<Float32Array[]> {
  const outputs = tf.engine().runKernel(kernel, tensors, attrs as tf.NamedAttrMap) as unknown as tf.Tensor[];
  const values = await Promise.all(outputs.map(output => output.data() as Promise<Float32Array>));
  tf.dispose(outputs);
  return values;
}

/** The gradients by the formulas, in float64. */
function gradients({ inputs, attrs }: ReturnType<typeof problem>, dy: Float64Array): Float64Array[] {
  const { q, k, v, bias } = inputs;
  const [B, Tq, H, d] = q!.shape as [number, number, number, number];
  const Tk = k!.shape[1]!;
  const { offset, scale, gridHeight, gridWidth } = attrs;
  const { y, lse } = attentionReference(inputs, attrs);
  const [dq, dk, dv] = [q!, k!, v!].map(({ data }) => new Float64Array(data.length));
  const dbias = bias && new Float64Array(bias.data.length);
  const dot = (a: Float64Array, i: number, c: Float64Array, j: number) => {
    let sum = 0;
    for (let n = 0; n < d; n++) sum += a[i + n]! * c[j + n]!;
    return sum;
  };
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++)
      for (let i = 0; i < Tq; i++) {
        const its = ((b * Tq + i) * H + h) * d;
        const own = dot(dy, its, y, its);
        const limit = Math.min(
          inputs.keyLengths!.data[b]!,
          Math.max(inputs.prefixLengths!.data[b]!, i + offset + 1),
          Tk,
        );
        for (let j = 0; j < limit; j++) {
          const key = ((b * Tk + j) * H + h) * d;
          const [yi, xi] = [Math.floor(i / gridWidth), i % gridWidth];
          const [yj, xj] = [Math.floor(j / gridWidth), j % gridWidth];
          const isImage = bias && i < gridHeight * gridWidth && j < gridHeight * gridWidth;
          const entry =
            h * (bias?.shape[1] ?? 0) +
            (yj - yi + gridHeight - 1) * (2 * gridWidth - 1) +
            xj -
            xi +
            gridWidth -
            1;
          const score = dot(q!.data, its, k!.data, key) * scale + (isImage ? bias.data[entry]! : 0);
          const p = Math.exp(score - lse[(b * H + h) * Tq + i]!);
          const ds = p * (dot(dy, its, v!.data, key) - own);
          if (isImage) dbias![entry]! += ds;
          for (let n = 0; n < d; n++) {
            dq![its + n]! += scale * ds * k!.data[key + n]!;
            dk![key + n]! += scale * ds * q!.data[its + n]!;
            dv![key + n]! += p * dy[its + n]!;
          }
        }
      }
  return [dq!, dk!, dv!, ...(dbias ? [dbias] : [])];
}

const title = ({ Tq, Tk, H, d, grid }: Shape) =>
  `${Tq} queries, ${Tk} keys, ${H} × ${d}${grid ? `, a grid of ${grid}` : ''}`;

const { test: testWithGpu } = await needs('gpu');

describe('attention in tiles', () => {
  beforeAll(async () => {
    await ready();
    await tf.setBackend('webgpu');
  });
  afterEach(() => {
    webGpuBackend()!.subgroups = webGpuBackend()!.device.features.has('subgroups' as GPUFeatureName);
  });

  test.each([...shapes, ...few].map(shape => [title(shape), shape] as const))('of %s', async (_, shape) => {
    const backend = webGpuBackend()!;
    const { inputs, attrs } = problem(shape);
    const want = attentionReference(inputs, attrs);
    const tensors = toTensors(inputs);
    const launches = backend.launches;
    const [y, lse] = await run(fusedKernel.prefixAttention, tensors, attrs);
    expect(backend.launches - launches).toBe(1);
    expectClose(y!, want.y, 2e-6, 'y');
    expectClose(lse!, want.lse, 2e-6, 'lse');
    tf.dispose(tensors);
  });

  test.each(few.map(shape => [title(shape), shape] as const))('without subgroups of %s', async (_, shape) => {
    webGpuBackend()!.subgroups = false;
    const { inputs, attrs } = problem(shape);
    const tensors = toTensors(inputs);
    const [y] = await run(fusedKernel.prefixAttention, tensors, attrs);
    expectClose(y!, attentionReference(inputs, attrs).y, 2e-6, 'y');
    tf.dispose(tensors);
  });

  test.each(shapes.map(shape => [title(shape), shape] as const))(
    'gives gradients, the same bits again, in 3 launches or with a bias 4: %s',
    async (_, shape) => {
      const backend = webGpuBackend()!;
      const { inputs, attrs } = problem(shape);
      const dy = draw('dy').normal(inputs.q!.shape);
      const tensors = { ...toTensors(inputs), ...toTensors({ dy }) };
      const [y, lse] = tf
        .engine()
        .runKernel(fusedKernel.prefixAttention, tensors, attrs as unknown as tf.NamedAttrMap) as unknown as [
        tf.Tensor,
        tf.Tensor,
      ];
      const given = { ...tensors, y, lse };
      const launches = backend.launches;
      const got = await run(fusedKernel.prefixAttentionGrad, given, attrs);
      expect(backend.launches - launches).toBe(shape.grid ? 4 : 3);
      for (const [n, want] of gradients({ inputs, attrs }, dy.data).entries())
        expectClose(got[n]!, want, 1e-5, ['dq', 'dk', 'dv', 'dbias'][n]);
      expect(await run(fusedKernel.prefixAttentionGrad, given, attrs)).toEqual(got);
      tf.dispose([given]);
    },
    // Compilation on the processor takes seconds for each program.
    180_000,
  );

  testWithGpu('in half precision is near', async () => {
    const { inputs, attrs } = problem(shapes[0]!);
    const tensors = toTensors(inputs);
    const [y] = await run(fusedKernel.prefixAttention, tensors, { ...attrs, half: true });
    expectClose(y!, attentionReference(inputs, attrs).y, 5e-3, 'y');
    tf.dispose(tensors);
  });
});

describe('a cache written in place', () => {
  beforeAll(async () => {
    await ready();
    await tf.setBackend('webgpu');
  });

  const write = (cache: tf.Tensor, positions: number[], owned: boolean) =>
    tf.tidy(() => {
      const inputs = {
        ...{ cache, update: tf.ones([2, 2, 1, 4]), positions: tf.tensor1d(positions, 'int32') },
      };
      return (tf.engine().runKernel(fusedKernel.cacheWrite, inputs, { owned }) as unknown as [tf.Tensor])[0];
    });
  const row = (...places: number[]) => places.flatMap(place => [place, place, place, place]);

  test('keeps its memory where nobody else holds it; places outside are not written', async () => {
    const cache = tf.zeros([2, 3, 1, 4]);
    const written = write(cache, [2, -1], true);
    expect(written.dataId).toBe(cache.dataId);
    expect([...(await written.data())]).toEqual([...row(0, 0, 1), ...row(1, 0, 0)]);
    tf.dispose([cache, written]);
  });

  test('is a new one where someone does, and without the attribute', async () => {
    const cache = tf.zeros([2, 3, 1, 4]);
    const other = tf.reshape(cache, [2, 3, 4]);
    for (const written of [write(cache, [0, 1], true), write(cache, [0, 1], false)]) {
      expect(written.dataId).not.toBe(cache.dataId);
      expect([...(await written.data())]).toEqual([...row(1, 1, 0), ...row(0, 1, 1)]);
      written.dispose();
    }
    expect([...(await other.data())]).toEqual(Array(24).fill(0));
    tf.dispose([cache, other]);
  });
});
