import { CHUNK_BYTES, memoryBytes, wholeBytes } from '@simvlm/bytes';
import { CheckpointError, ShapeError } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import {
  finiteTensors,
  openSafetensors,
  safetensorsContent,
  type TensorSource,
  tensorSources,
  writeSafetensors,
} from '../src/index';

const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => (i % 200) - 100);

/** The bfloat16 file of an F16 one is not what `writeSafetensors` makes: the upper halves of float32 numbers. */
function bfloat16File(values: Float32Array): Uint8Array {
  const header = JSON.stringify({
    x: { dtype: 'BF16', shape: [values.length], data_offsets: [0, 2 * values.length] },
  });
  const file = new Uint8Array(8 + header.length + 2 * values.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(new TextEncoder().encode(header), 8);
  const bits = new Uint32Array(values.buffer);
  const view = new DataView(file.buffer, 8 + header.length);
  for (const [i, each] of bits.entries()) view.setUint16(2 * i, each >>> 16, true);
  return file;
}

describe('a part of a tensor', () => {
  const values = numbers(1001);
  const files = {
    F32: writeSafetensors([['x', { shape: [7, 143], values }]]),
    F16: writeSafetensors([['x', { shape: [7, 143], values }]], {}, 'F16'),
    BF16: bfloat16File(values),
  };

  test.each(Object.entries(files))('of %s has the numbers of the whole', async (_, file) => {
    const { tensors } = await openSafetensors(memoryBytes(file));
    const x = tensors.get('x')!;
    expect(await x.read()).toEqual(values);
    // One buffer for all parts, as a large file is read; behind other numbers of the same memory.
    const buffer = new Float32Array(503).fill(-7);
    for (const [begin, length] of [
      [0, 500],
      [500, 500],
      [1000, 1],
      [1001, 0],
      [3, 1],
    ] as const) {
      const into = buffer.subarray(3, 3 + length);
      await x.readPart!(begin, into);
      expect(into).toEqual(values.slice(begin, begin + length));
    }
    expect([...buffer.subarray(0, 3)]).toEqual([-7, -7, -7]);
  });

  test('that the tensor does not have is refused, though the file goes on', async () => {
    const pair = ['x', 'y'].map((name): [string, TensorSource['shape']] => [name, [4]]);
    const file = writeSafetensors(pair.map(([name, shape]) => [name, { shape, values: numbers(4) }]));
    const { tensors } = await openSafetensors(memoryBytes(file));
    await expect(tensors.get('x')!.readPart!(2, new Float32Array(3))).rejects.toThrow(ShapeError);
    await expect(tensors.get('x')!.readPart!(-1, new Float32Array(1))).rejects.toThrow(ShapeError);
  });

  test('with a number that is not finite is refused with its place in the tensor', async () => {
    const broken = numbers(10);
    broken[7] = Number.NaN;
    const file = writeSafetensors([['x', { shape: [10], values: broken }]]);
    const { tensors } = finiteTensors(await openSafetensors(memoryBytes(file)), 'weights');
    const x = tensors.get('x')!;
    await x.readPart!(0, new Float32Array(7));
    const error = await x.readPart!(5, new Float32Array(5)).catch(error => error);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(/weights: "x" holds NaN at place 7/);
    // What can only be had as a whole still can.
    const whole = finiteTensors(
      { tensors: tensorSources([['x', { shape: [1], values: numbers(1) }]]), metadata: {} },
      'weights',
    );
    expect(whole.tensors.get('x')!.readPart).toBeUndefined();
  });
});

test('a large tensor is written a part at a time, and the file is the same', async () => {
  const count = CHUNK_BYTES / 4 + 1000;
  const values = numbers(count);
  const parts: number[] = [];
  const source: TensorSource = {
    shape: [count],
    read: () => Promise.reject(new Error('it was read as a whole')),
    async readPart(begin, into) {
      parts.push(into.length);
      into.set(values.subarray(begin, begin + into.length));
    },
  };
  for (const dtype of ['F32', 'F16'] as const) {
    const written = await wholeBytes(safetensorsContent([['x', source]], {}, dtype));
    const expected = writeSafetensors([['x', { shape: [count], values }]], {}, dtype);
    expect(Buffer.compare(written, expected)).toBe(0);
  }
  expect(Math.max(...parts)).toBe(CHUNK_BYTES / 4);
});
