import { packBytes, type ScalePixelsOptions, scalePixels } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { expectClose } from '../fused/compare';
import { evaluate } from '../fused/problem';
import { draw, filled, ints, type Values } from '../fused/values';

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** Four bytes in a number, the first in the lowest bits; a row that does not fill its last number leaves 0 there. */
function packed(bytes: ArrayLike<number>, rows: number): Values {
  const perRow = bytes.length / rows;
  const width = Math.ceil(perRow / 4);
  const words = Array.from({ length: rows * width }, (_, i) => {
    const [row, word] = [Math.floor(i / width), i % width];
    const byte = (k: number) => (4 * word + k < perRow ? bytes[row * perRow + 4 * word + k]! : 0);
    return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24);
  });
  return ints([rows, width], words);
}

function scaled(bytes: ArrayLike<number>, rows: number, options: ScalePixelsOptions) {
  return evaluate(
    {
      inputs: { packed: packed(bytes, rows) },
      run: tensors => scalePixels(tensors.packed!, options),
      ...{ by: [], dy: filled([rows, options.side, options.side, 3], 0) },
    },
    false,
  );
}

export function describePixels(): void {
  describe('scalePixels', () => {
    test.each([
      { rows: 1, side: 1 },
      { rows: 3, side: 1 },
      { rows: 2, side: 2 },
      { rows: 3, side: 3 },
      { rows: 2, side: 33 },
      { rows: 5, side: 48 },
    ])(
      'of $rows pictures with a side of $side is (2 · byte − 255) / 255, to the bit',
      async ({ rows, side }) => {
        const { data } = draw(`pixels ${rows} ${side}`).integers([rows * side * side * 3], 256);
        const { y } = await scaled(data, rows, { side });
        expect([...y]).toEqual([...data].map(byte => Math.fround((2 * byte - 255) / 255)));
      },
    );

    test('of every byte in every place of a number is byte / 127.5 − 1, to the bit', async () => {
      // 48 numbers of four bytes; a byte is in another place of its number in each picture.
      const bytes = Array.from({ length: 4 * 768 }, (_, i) => (i + Math.floor(i / 768)) % 256);
      const { y } = await scaled(bytes, 4, { side: 16 });
      expect([...y]).toEqual(bytes.map(byte => Math.fround(byte / 127.5 - 1)));
    });

    test.each([1, 4, 7])('of side %i takes mean and deviation of each channel', async side => {
      const { data } = draw(`channels ${side}`).integers([2 * side * side * 3], 256);
      const { y } = await scaled(data, 2, { side, ...IMAGENET });
      const want = [...data].map((byte, i) => (byte / 255 - IMAGENET.mean[i % 3]!) / IMAGENET.std[i % 3]!);
      expectClose(y, want, 1e-6);
    });

    test('takes what packBytes gives', async () => {
      for (const side of [3, 4]) {
        const bytes = Uint8Array.from({ length: 2 * side * side * 3 }, (_, i) => (37 * i + 200) % 256);
        expect([...packBytes(bytes, 2)]).toEqual([...packed(bytes, 2).data]);
      }
    });

    test('leaves what follows from it differentiable by what else it reads', async () => {
      const before = tf.memory().numTensors;
      // 255, 0 and 128, whose values add up to 1 / 255.
      const [bytes, w] = [tf.tensor2d([[0x8000ff]], [1, 1], 'int32'), tf.scalar(2)];
      const gradient = tf.tidy(() => tf.grad(x => tf.mul(scalePixels(bytes, { side: 1 }), x))(w));
      const [value] = await gradient.data();
      expect(value).toBeCloseTo(1 / 255, 6);
      tf.dispose([bytes, w, gradient]);
      expect(tf.memory().numTensors).toBe(before);
    });

    test('of no pictures is none', async () => {
      const { y } = await evaluate(
        {
          inputs: { packed: ints([0, 12], []) },
          run: tensors => scalePixels(tensors.packed!, { side: 4 }),
          ...{ by: [], dy: filled([0, 4, 4, 3], 0) },
        },
        false,
      );
      expect(y.length).toBe(0);
    });
  });
}
