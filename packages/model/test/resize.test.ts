import { readSafetensors, type SafeTensor, writeSafetensors } from '@simvlm/checkpoint';
import { beforeAll, describe, expect, test } from 'vitest';
import { modelParameters, presets, resizeWeights, SimVlm, type SimVlmConfig } from '../src/index';
import { architectures, livelyModel, tinyBatch, tinyConfig, useBackend } from './tiny';

beforeAll(() => useBackend('cpu'));

/** Patches of 4 pixels: a grid of so many a side. */
const config = (grid: number, change: Partial<SimVlmConfig> = {}) =>
  tinyConfig({ imageSize: 4 * grid, width: 4, heads: 2, layers: 1, mlp: 4, ...change });

const biasName = 'encoder.0.self.relative_bias';

/** Weights of which `positions.image` and the bias are functions of row and column. */
function weightsOf(
  from: SimVlmConfig,
  position: (row: number, column: number, d: number) => number,
  bias: (rows: number, columns: number, head: number) => number,
): Map<string, SafeTensor> {
  const side = from.imageSize / 4;
  const span = 2 * side - 1;
  return new Map(
    [...modelParameters(from)].map(([name, { shape }]) => {
      const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1)).map((_, i) => {
        if (name === 'positions.image') {
          const place = Math.floor(i / shape[1]!);
          return position(Math.floor(place / side), place % side, i % shape[1]!);
        }
        if (!name.endsWith('relative_bias')) return i / 7;
        const [head, place] = [Math.floor(i / span ** 2), i % span ** 2];
        return bias(Math.floor(place / span) - side + 1, (place % span) - side + 1, head);
      });
      return [name, { shape, values }];
    }),
  );
}

const zero = () => 0;

describe('from one grid to another', () => {
  test('of the same size changes nothing', () => {
    const weights = weightsOf(
      config(3),
      (r, c, d) => Math.sin(r + 5 * c + 9 * d),
      (r, c, h) => Math.cos(r * c + h),
    );
    const resized = resizeWeights(weights, config(3), config(3));
    expect([...resized.keys()]).toEqual([...weights.keys()]);
    for (const [name, { values }] of weights) expect(resized.get(name)!.values, name).toEqual(values);
  });

  test.each([
    [3, 5],
    [5, 3],
    [4, 7],
    [7, 4],
    [2, 9],
    [14, 30],
  ])('of %i and %i tokens a side a linear ramp stays one, to the corners', (before, after) => {
    // Rows, columns and dimensions differ in slope, so that none can stand for another.
    const weights = weightsOf(
      config(before),
      (r, c, d) => (10 * r) / (before - 1) + (3 * c) / (before - 1) + 100 * d,
      (r, c, h) => (8 * r) / (before - 1) - (5 * c) / (before - 1) + 50 * h,
    );
    const resized = resizeWeights(weights, config(before), config(after));
    const positions = resized.get('positions.image')!;
    expect(positions.shape).toEqual([after ** 2, 4]);
    for (let r = 0; r < after; r++)
      for (let c = 0; c < after; c++)
        for (let d = 0; d < 4; d++)
          expect(positions.values[(r * after + c) * 4 + d]).toBeCloseTo(
            (10 * r) / (after - 1) + (3 * c) / (after - 1) + 100 * d,
            4,
          );
    const [table, span] = [resized.get(biasName)!, 2 * after - 1];
    expect(table.shape).toEqual([2, span ** 2]);
    for (let r = 1 - after; r < after; r++)
      for (let c = 1 - after; c < after; c++)
        for (let h = 0; h < 2; h++)
          expect(table.values[h * span ** 2 + (r + after - 1) * span + c + after - 1]).toBeCloseTo(
            (8 * r) / (after - 1) - (5 * c) / (after - 1) + 50 * h,
            4,
          );
  });

  test.each([
    [3, 8],
    [8, 3],
    [5, 4],
  ])(
    'of %i and %i tokens a side the corners, and the bias of no offset, are what they were',
    (before, after) => {
      const noise = (a: number, b: number, c: number) => Math.sin(12.9 * a + 78.2 * b + 3.7 * c);
      const weights = weightsOf(config(before), noise, noise);
      const resized = resizeWeights(weights, config(before), config(after));
      const positions = resized.get('positions.image')!.values;
      for (const [r, c] of [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ] as const)
        for (let d = 0; d < 4; d++)
          expect(positions[(r * (after - 1) * after + c * (after - 1)) * 4 + d]).toBeCloseTo(
            noise(r * (before - 1), c * (before - 1), d),
            5,
          );
      const [table, span] = [resized.get(biasName)!.values, 2 * after - 1];
      for (let h = 0; h < 2; h++) {
        expect(table[h * span ** 2 + (span ** 2 - 1) / 2]).toBeCloseTo(noise(0, 0, h), 5);
        expect(table[h * span ** 2]).toBeCloseTo(noise(1 - before, 1 - before, h), 5);
        expect(table[(h + 1) * span ** 2 - 1]).toBeCloseTo(noise(before - 1, before - 1, h), 5);
      }
    },
  );

  test('twice the distances less one: the old places are kept, those between are means', () => {
    const weights = weightsOf(
      config(2),
      (r, c) =>
        [
          [1, 5],
          [3, 11],
        ][r]![c]!,
      zero,
    );
    const { values } = resizeWeights(weights, config(2), config(3)).get('positions.image')!;
    expect(Array.from({ length: 9 }, (_, i) => values[4 * i])).toEqual([1, 3, 5, 2, 5, 8, 3, 7, 11]);
  });

  test('of a single token: it is the middle, and spreads over all', () => {
    const three = weightsOf(
      config(3),
      (r, c) => 3 * r + c,
      (r, c) => 10 * r + c,
    );
    const one = resizeWeights(three, config(3), config(1));
    expect([...one.get('positions.image')!.values]).toEqual([4, 4, 4, 4]);
    expect([...one.get(biasName)!.values]).toEqual([0, 0]);
    const back = resizeWeights(one, config(1), config(3));
    expect(new Set(back.get('positions.image')!.values)).toEqual(new Set([4]));
  });

  test('of larger images and back is what it was, where the larger grid holds every old place', () => {
    const noise = (a: number, b: number, c: number) => Math.sin(12.9 * a + 78.2 * b + 3.7 * c);
    const weights = weightsOf(config(3), noise, noise);
    const there = resizeWeights(weights, config(3), config(5));
    const back = resizeWeights(there, config(5), config(3));
    for (const [name, { values }] of weights)
      for (const [i, value] of values.entries()) expect(back.get(name)!.values[i]).toBeCloseTo(value, 5);
  });
});

test('224 → 480 of base: 196 tokens become 900, tables of 27² become 59²', () => {
  const tokens = { vocabSize: 8, tokens: { pad: 0, bos: 1, eos: 2 } };
  const small = { ...presets.base!, ...tokens, width: 12, layers: 1, mlp: 4 };
  const weights = new Map(
    [...modelParameters(small)].map(([name, { shape }]) => [
      name,
      { shape, values: new Float32Array(shape.reduce((product, extent) => product * extent, 1)) },
    ]),
  );
  const resized = resizeWeights(weights, small, { ...small, imageSize: 480 });
  expect(resized.get('positions.image')!.shape).toEqual([900, 12]);
  expect(resized.get(biasName)!.shape).toEqual([12, 59 ** 2]);
  expect(resized.get('patcher.stem.conv.weight')).toBe(weights.get('patcher.stem.conv.weight'));
});

test.each(architectures)(
  '%s: a model takes its resized weights and reads images of the new size',
  async architecture => {
    const model = livelyModel({ architecture });
    const { tensors } = readSafetensors(await model.saveWeights());
    const to = { ...model.config, imageSize: 12 };
    const larger = SimVlm.create(to);
    larger.loadWeights(writeSafetensors(resizeWeights(tensors, model.config, to)));
    const loss = larger.loss(tinyBatch([{ text: [4, 5] }], { side: 12 }));
    expect(Number.isFinite(loss.dataSync()[0])).toBe(true);
    // Without an image nothing has changed.
    const text = tinyBatch([{ text: [4, 5, 6], prefix: 1 }], { images: false });
    expect(larger.loss(text).dataSync()).toEqual(model.loss(text).dataSync());
    larger.dispose();
    model.dispose();
  },
);

describe('is refused', () => {
  const weights = weightsOf(config(3), zero, zero);
  const messageOf = (action: () => unknown) => {
    try {
      action();
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing was refused';
  };

  test('where the models differ in more than imageSize', () => {
    expect(messageOf(() => resizeWeights(weights, config(3), config(5, { mlp: 8 })))).toMatch(
      /the models differ in more than imageSize/,
    );
    expect(messageOf(() => resizeWeights(weights, config(3), config(5, { layers: 2 })))).toMatch(
      /"encoder.1.self.norm.gamma" is missing/,
    );
    const two = weightsOf(config(3, { layers: 2 }), zero, zero);
    expect(messageOf(() => resizeWeights(two, config(3, { layers: 2 }), config(5)))).toMatch(
      /the new model has no "encoder.1/,
    );
  });

  test('where the weights are those of another model than they are said to be', () => {
    expect(messageOf(() => resizeWeights(weights, config(4), config(5)))).toMatch(
      /"positions.image" is \[9,4\], the model that it is taken from has \[16,4\]/,
    );
    const fewer = new Map(weights);
    fewer.delete('embedding.weight');
    expect(messageOf(() => resizeWeights(fewer, config(3), config(5)))).toMatch(
      /"embedding.weight" is missing/,
    );
  });
});
