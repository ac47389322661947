import { attentionReference, draw, expectClose, ints, toTensor, type Values } from '@simvlm/conformance';
import { ConfigError, declaredParameters, ParameterTree, parameterScope } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KvCache } from './kv-cache';
import { type AttentionMask, createAttention, type MultiHeadAttention } from './multi-head-attention';

const [BATCH, WIDTH, HEADS] = [2, 6, 2];
const GRID = { height: 1, width: 2 };
const { normal } = draw('multi-head attention');
const values = new ParameterTree<Values>();
const tensors = new ParameterTree<tf.Tensor>();
let attention: MultiHeadAttention;
let before: number;

const int1d = (numbers: readonly number[]) => tf.tensor1d([...numbers], 'int32');

/** x · weight + bias in float64. */
function project(x: Values, name: string): Values {
  const [weight, bias] = [values.get(`${name}.weight`).data, values.get(`${name}.bias`).data];
  const data = x.data.map((_, n) => {
    const [row, column] = [Math.floor(n / WIDTH) * WIDTH, n % WIDTH];
    let sum = bias[column]!;
    for (let i = 0; i < WIDTH; i++) sum += x.data[row + i]! * weight[i * WIDTH + column]!;
    return sum;
  });
  return { ...x, data };
}

interface Row {
  readonly keyLengths: readonly number[];
  readonly prefixLengths: readonly number[];
}

/** Multi-head attention in float64. */
function reference(
  x: Values,
  memory: Values,
  { keyLengths, prefixLengths }: Row,
  image = false,
): Float64Array {
  const split = (name: string, of: Values): Values => ({
    ...project(of, name),
    shape: [BATCH, of.shape[1]!, HEADS, WIDTH / HEADS],
  });
  const { y } = attentionReference(
    {
      ...{ q: split('query', x), k: split('key', memory), v: split('value', memory) },
      ...{ keyLengths: ints([BATCH], keyLengths), prefixLengths: ints([BATCH], prefixLengths) },
      ...(image && { bias: values.get('relative_bias') }),
    },
    {
      ...{ offset: 0, scale: 1 / Math.sqrt(WIDTH / HEADS) },
      ...{ gridHeight: image ? GRID.height : 0, gridWidth: image ? GRID.width : 0 },
    },
  );
  return project({ ...x, data: y }, 'out').data;
}

/** Runs in a tidy, and hands the numbers out. */
function run(f: (mask: (row: Row, offset?: number) => AttentionMask) => tf.Tensor): Float32Array {
  const mask = ({ keyLengths, prefixLengths }: Row, offset = 0) => ({
    ...{ keyLengths: int1d(keyLengths), prefixLengths: int1d(prefixLengths), offset },
  });
  return tf.tidy(() => f(mask).dataSync() as Float32Array);
}

beforeAll(async () => {
  await tf.setBackend('cpu');
  before = tf.memory().numTensors;
  const scope = parameterScope(tensors, (name, { shape }) => {
    values.add(name, normal(shape));
    return toTensor(values.get(name));
  });
  attention = createAttention(scope, { width: WIDTH, heads: HEADS, grid: GRID });
});

afterAll(() => {
  for (const name of tensors.names()) tensors.get(name).dispose();
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
});

describe('multi-head attention', () => {
  const x = normal([BATCH, 5, WIDTH]);

  test('to itself is that of float64', () => {
    const row = { keyLengths: [5, 3], prefixLengths: [2, 0] };
    expectClose(
      run(mask => attention.self(toTensor(x), mask(row))),
      reference(x, x, row),
      5e-6,
    );
  });

  test('to itself adds the relative bias where there is an image, and only there', () => {
    const row = { keyLengths: [5, 3], prefixLengths: [3, 2] };
    const image = run(mask => attention.self(toTensor(x), mask(row), true));
    const text = run(mask => attention.self(toTensor(x), mask(row), false));
    expectClose(image, reference(x, x, row, true), 5e-6);
    expectClose(text, reference(x, x, row, false), 5e-6);
    expect(image).not.toEqual(text);
  });

  test('to a memory is that of float64, and padding of the memory changes nothing', () => {
    const memory = normal([BATCH, 4, WIDTH]);
    const row = { keyLengths: [4, 2], prefixLengths: [4, 2] };
    const attend = (of: Values) =>
      run(mask => attention.cross(toTensor(x), attention.project(toTensor(of)), mask(row)));
    const y = attend(memory);
    expectClose(y, reference(x, memory, row), 5e-6);
    // The last two places of the second row are padding.
    const padding = 6 * WIDTH;
    const other = { ...memory, data: memory.data.map((v, i) => (i < padding ? v : 100)) };
    expect(attend(other)).toEqual(y);
    const real = { ...memory, data: memory.data.map((v, i) => (i === padding - 1 ? v + 1 : v)) };
    expect(attend(real)).not.toEqual(y);
  });

  test.each([
    { kind: 'a decoder', prefix: [0, 0], image: false },
    { kind: 'decoder-only with an image', prefix: [3, 2], image: true },
  ])('with a cache gives step by step what one pass gives: $kind', ({ prefix, image }) => {
    const row = { keyLengths: [5, 5], prefixLengths: prefix };
    const whole = run(mask => attention.self(toTensor(x), mask(row), image));
    const cache = new KvCache({ batch: BATCH, capacity: 7, heads: HEADS, depth: WIDTH / HEADS });
    const first = Math.max(1, ...prefix);
    for (const [from, to] of [[0, first], ...[1, 2, 3, 4].filter(t => t >= first).map(t => [t, t + 1])] as [
      number,
      number,
    ][]) {
      const step = run(mask =>
        attention.cached(
          tf.slice(toTensor(x), [0, from, 0], [BATCH, to - from, WIDTH]),
          { cache, positions: int1d([from, from]) },
          mask({ keyLengths: [to, to], prefixLengths: prefix }, from),
          {},
          image && from === 0,
        ),
      );
      const want = [0, 1].flatMap(b => [...whole.slice((b * 5 + from) * WIDTH, (b * 5 + to) * WIDTH)]);
      expectClose(step, want, 2e-6, `tokens ${from} to ${to}`);
    }
    cache.dispose();
  });

  test('with a cache decodes rows of different lengths at once, each at its own place', () => {
    // Three tokens of the first row and one of the second are cached; then comes one new token in each.
    const row = { keyLengths: [4, 2], prefixLengths: [0, 0] };
    const alone = run(mask =>
      attention.self(toTensor(x), mask({ keyLengths: [5, 5], prefixLengths: [0, 0] })),
    );
    const cache = new KvCache({ batch: BATCH, capacity: 5, heads: HEADS, depth: WIDTH / HEADS });
    run(mask =>
      attention.cached(
        tf.slice(toTensor(x), [0, 0, 0], [BATCH, 3, WIDTH]),
        { cache, positions: int1d([0, 0]) },
        mask({ keyLengths: [3, 1], prefixLengths: [0, 0] }),
      ),
    );
    const step = run(mask => {
      const token = tf.stack([
        tf.reshape(tf.slice(toTensor(x), [0, 3, 0], [1, 1, WIDTH]), [1, WIDTH]),
        tf.reshape(tf.slice(toTensor(x), [1, 1, 0], [1, 1, WIDTH]), [1, WIDTH]),
      ]);
      // Everything cached is seen: the key length alone says what that is.
      const place = { cache, positions: int1d([3, 1]) };
      return attention.cached(token, place, mask({ ...row, prefixLengths: row.keyLengths }));
    });
    const place = (b: number, t: number) => [...alone.slice((b * 5 + t) * WIDTH, (b * 5 + t + 1) * WIDTH)];
    expectClose(step, [...place(0, 3), ...place(1, 1)], 2e-6);
    cache.dispose();
  });

  test('passes gradients to every parameter and to its input', () => {
    const row = { keyLengths: [5, 4], prefixLengths: [3, 3] };
    const parameters = tensors.names();
    const gradients = tf.tidy(() => {
      const list = [toTensor(x), ...parameters.map(name => tensors.get(name))];
      const f = (given: tf.Tensor, ...rest: tf.Tensor[]) => {
        const scope = parameterScope(new ParameterTree<tf.Tensor>(), name => rest[parameters.indexOf(name)]!);
        const mask = { keyLengths: int1d(row.keyLengths), prefixLengths: int1d(row.prefixLengths) };
        const same = createAttention(scope, { width: WIDTH, heads: HEADS, grid: GRID });
        return tf.sum(tf.square(same.self(given, mask, true))) as tf.Scalar;
      };
      return tf
        .grads(f as (...all: tf.Tensor[]) => tf.Scalar)(list)
        .map(gradient => gradient.dataSync());
    });
    gradients.forEach((gradient, i) => {
      const name = i === 0 ? 'the input' : parameters[i - 1]!;
      // A bias of the keys shifts all scores of a query alike: its gradient is 0 but for rounding.
      if (name !== 'key.bias')
        expect(
          gradient.some(g => Math.abs(g) > 1e-3),
          name,
        ).toBe(true);
      expect(gradient.every(Number.isFinite), name).toBe(true);
    });
  });
});

test('declares its parameters by name and shape, the relative bias only with a grid', () => {
  const shapes = (grid?: { height: number; width: number }) => {
    const tree = declaredParameters(scope =>
      createAttention(scope as never, { width: 6, heads: 3, ...(grid && { grid }) }),
    );
    return Object.fromEntries(tree.names().map(name => [name, tree.get(name).shape]));
  };
  const square = [6, 6];
  const plain = {
    ...{ 'query.weight': square, 'query.bias': [6], 'key.weight': square, 'key.bias': [6] },
    ...{ 'value.weight': square, 'value.bias': [6], 'out.weight': square, 'out.bias': [6] },
  };
  expect(shapes()).toEqual(plain);
  expect(shapes({ height: 2, width: 3 })).toEqual({ ...plain, relative_bias: [3, 15] });
});

test.each([4, 0, -2, 1.5])('refuses %d heads for a width of 6, in one line', heads => {
  const attempt = () => declaredParameters(scope => createAttention(scope as never, { width: 6, heads }));
  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow(`${heads} heads do not divide width 6`);
});
