import { draw, filled, toTensor, type Values } from '@simvlm/conformance';
import { ShapeError } from '@simvlm/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { KvCache } from './kv-cache';
import { prefixAttention } from './prefix-attention/op';

const SHAPE = { batch: 2, capacity: 6, heads: 2, depth: 3 };
const TOKEN = SHAPE.heads * SHAPE.depth;
const ROW = SHAPE.capacity * TOKEN;

const { normal } = draw('key-value cache');
const tensor = (values: Values) => toTensor(values) as tf.Tensor4D;
const tokens = (count: number, batch = SHAPE.batch) => normal([batch, count, SHAPE.heads, SHAPE.depth]);
const int1d = (values: number[]) => tf.tensor1d(values, 'int32');

/** Writes and frees what it was given. */
function write(cache: KvCache, k: Values, v: Values, positions: number[]): void {
  tf.tidy(() => cache.write(tensor(k), tensor(v), int1d(positions)));
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the key-value cache', () => {
  let before: number;
  beforeEach(() => {
    before = tf.memory().numTensors;
  });

  test('is empty at first, of the shape asked for', () => {
    const cache = new KvCache(SHAPE);
    expect([cache.k.shape, cache.v.shape]).toEqual([
      [2, 6, 2, 3],
      [2, 6, 2, 3],
    ]);
    expect([...cache.k.dataSync(), ...cache.v.dataSync()].every(x => x === 0)).toBe(true);
    cache.dispose();
  });

  test('keeps keys and values apart, each row at its own position, and the rest as it was', () => {
    const cache = new KvCache(SHAPE);
    const [k, v] = [tokens(2), tokens(2)];
    write(cache, k, v, [0, 3]);
    for (const [stored, given] of [
      [cache.k.dataSync(), k],
      [cache.v.dataSync(), v],
    ] as const) {
      const want = new Float64Array(2 * ROW);
      want.set(given.data.slice(0, 2 * TOKEN), 0);
      want.set(given.data.slice(2 * TOKEN), ROW + 3 * TOKEN);
      expect([...stored]).toEqual([...want]);
    }
    cache.dispose();
  });

  test('token by token holds what one write of all holds', () => {
    const all = tokens(4);
    const [whole, stepwise] = [new KvCache(SHAPE), new KvCache(SHAPE)];
    write(whole, all, all, [1, 2]);
    for (let t = 0; t < 4; t++) {
      const rows = [0, 1].flatMap(b => [...all.data.slice((b * 4 + t) * TOKEN, (b * 4 + t + 1) * TOKEN)]);
      const token = { ...tokens(1), data: Float64Array.from(rows) };
      write(stepwise, token, token, [1 + t, 2 + t]);
    }
    expect([...stepwise.k.dataSync()]).toEqual([...whole.k.dataSync()]);
    expect([...stepwise.v.dataSync()]).toEqual([...whole.v.dataSync()]);
    whole.dispose();
    stepwise.dispose();
  });

  test('moves rows, keys and values alike, and writes go on at their new places', () => {
    const cache = new KvCache({ ...SHAPE, batch: 3 });
    const [k, v] = [tokens(2, 3), tokens(2, 3)];
    write(cache, k, v, [0, 1, 2]);
    const [oldK, oldV] = [cache.k.dataSync().slice(), cache.v.dataSync().slice()];
    tf.tidy(() => cache.reorder(int1d([2, 0, 2])));
    const moved = (old: ArrayLike<number>) =>
      [2, 0, 2].flatMap(r => [...Array.from(old).slice(r * ROW, (r + 1) * ROW)]);
    expect([...cache.k.dataSync()]).toEqual(moved(oldK));
    expect([...cache.v.dataSync()]).toEqual(moved(oldV));
    const more = tokens(1, 3);
    write(cache, more, more, [4, 5, 5]);
    const want = Float32Array.from(moved(oldK));
    for (const [row, place] of [4, 5, 5].entries())
      want.set(more.data.slice(row * TOKEN, (row + 1) * TOKEN), row * ROW + place * TOKEN);
    expect([...cache.k.dataSync()]).toEqual([...want]);
    expect(() => tf.tidy(() => cache.reorder(int1d([0, 1])))).toThrow(ShapeError);
    expect(tf.memory().numTensors).toBe(before + 2);
    cache.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('holds two tensors, whatever is written, and none after dispose', () => {
    const cache = new KvCache(SHAPE);
    for (let t = 0; t < SHAPE.capacity; t++) {
      write(cache, tokens(1), tokens(1), [t, t]);
      expect(tf.memory().numTensors).toBe(before + 2);
    }
    cache.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('survives the tidy in which it was made and written', () => {
    const cache = tf.tidy(() => {
      const made = new KvCache(SHAPE);
      made.write(tensor(tokens(1)), tensor(tokens(1)), int1d([0, 0]));
      return made as unknown as tf.TensorContainer;
    }) as unknown as KvCache;
    expect(cache.k.isDisposed || cache.v.isDisposed).toBe(false);
    cache.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([
    { wrong: 'more tokens than its capacity', k: tokens(7), v: tokens(7) },
    { wrong: 'another batch', k: tokens(1, 3), v: tokens(1, 3) },
    { wrong: 'keys of another width', k: filled([2, 1, 2, 4], 0), v: tokens(1) },
    { wrong: 'values of another width', k: tokens(1), v: filled([2, 1, 2, 4], 0) },
    { wrong: 'fewer values than keys', k: tokens(2), v: tokens(1) },
  ])('refuses $wrong in one line, and stays as it was', ({ k, v }) => {
    const cache = new KvCache(SHAPE);
    const positions = Array(k.shape[0]).fill(0);
    const attempt = () => write(cache, k, v, positions);
    expect(attempt).toThrow(ShapeError);
    expect(attempt).toThrow(/^[^\n]+$/);
    expect([...cache.k.dataSync(), ...cache.v.dataSync()].every(x => x === 0)).toBe(true);
    cache.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([0, 2])(
    'gives each step what attention over all tokens gives (prefix of %i)',
    async prefixLength => {
      const { batch, capacity, heads, depth } = SHAPE;
      const [q, k, v] = [tokens(capacity), tokens(capacity), tokens(capacity)];
      const attend = (
        queries: Values,
        keys: tf.Tensor,
        values: tf.Tensor,
        keyLength: number,
        offset: number,
      ) =>
        tf.tidy(() =>
          prefixAttention({
            ...{ q: tensor(queries), k: keys, v: values, offset },
            keyLengths: int1d([keyLength, keyLength]),
            prefixLengths: int1d([prefixLength, prefixLength]),
          }).dataSync(),
        );
      const whole = tf.tidy(() => attend(q, tensor(k), tensor(v), capacity, 0));
      const cache = new KvCache(SHAPE);
      const chunk = (values: Values, from: number, to: number): Values => {
        const rows = [0, 1].flatMap(b => [
          ...values.data.slice(b * ROW + from * TOKEN, b * ROW + to * TOKEN),
        ]);
        return { ...values, shape: [batch, to - from, heads, depth], data: Float64Array.from(rows) };
      };
      // The prefix at once, since its tokens see one another; then one token a step.
      const starts = [
        0,
        ...Array.from({ length: capacity }, (_, t) => t).filter(t => t >= Math.max(1, prefixLength)),
      ];
      for (const [n, from] of starts.entries()) {
        const to = starts[n + 1] ?? capacity;
        write(cache, chunk(k, from, to), chunk(v, from, to), [from, from]);
        const step = attend(chunk(q, from, to), cache.k, cache.v, to, from);
        const want = [0, 1].flatMap(b => [...whole.slice(b * ROW + from * TOKEN, b * ROW + to * TOKEN)]);
        [...step].forEach((x, i) => {
          expect(x, `step ${n}, number ${i}`).toBeCloseTo(want[i]!, 6);
        });
      }
      cache.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
