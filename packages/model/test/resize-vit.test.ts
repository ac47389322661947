import type { SafeTensor } from '@simvlm/checkpoint';
import { expect, test } from 'vitest';
import { modelParameters, resizeWeights } from '../src/index';
import { kinds } from './kinds';
import { tinyConfig } from './tiny';

/** Positions of a class token and a grid of 3 × 3: in the first dimension the class token has 9, in the second all are doubled. */
const grid = [1, 2, -1, 0, 4, 3, -2, 5, 1];

/** `torch.nn.functional.interpolate(grid.reshape(1, 1, 3, 3), (n, n), mode='bicubic', align_corners=False)`, PyTorch 2.13. */
const resized: Record<number, number[]> = {
  5: [
    1.0276482105255127, 1.6020796298980713, 1.8080003261566162, -0.09424008429050446, -1.6904321908950806,
    0.5689913034439087, 1.6563998460769653, 2.70400071144104, 1.6153603792190552, 0.5032327771186829,
    -0.3839998245239258, 1.6240007877349854, 4, 3.675999402999878, 2.9040005207061768, -1.8769919872283936,
    1.246001124382019, 4.756000518798828, 3.544238328933716, 1.8055676221847534, -2.891648054122925,
    0.9444812536239624, 5.096000671386719, 2.996479034423828, 0.3963525593280792,
  ],
  2: [1.2862396240234375, 0.5850372314453125, -0.011932373046875, 2.5559844970703125],
};

const config = (side: number) =>
  tinyConfig({
    ...kinds.GIT,
    imageSize: 4 * side,
    patcher: { kind: 'vit', patchSize: 4, width: 2, layers: 1, heads: 1, mlp: 4, projection: 'linear' },
  });

function weights(): Map<string, SafeTensor> {
  return new Map(
    [...modelParameters(config(3))].map(([name, { shape }]) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      const values = Float32Array.from({ length: size }, (_, i) => i / 7);
      if (name === 'patcher.positions') values.set([9, ...grid].flatMap(value => [value, 2 * value]));
      return [name, { shape, values }];
    }),
  );
}

test.each([5, 2])(
  'to %i patches a side, positions are those of PyTorch; the class token keeps its own',
  side => {
    const before = weights();
    const after = resizeWeights(before, config(3), config(side));
    const { shape, values } = after.get('patcher.positions')!;
    expect(shape).toEqual([1 + side ** 2, 2]);
    for (const [i, value] of [9, ...resized[side]!].entries()) {
      expect(values[2 * i]).toBeCloseTo(value, 5);
      expect(values[2 * i + 1]).toBeCloseTo(2 * value, 5);
    }
    for (const [name, weight] of before)
      if (name !== 'patcher.positions') expect(after.get(name), name).toBe(weight);
  },
);

test('the same size changes nothing', () => {
  const before = weights();
  expect(resizeWeights(before, config(3), config(3))).toEqual(before);
});
