import { type Draw, Random } from '@simvlm/core';
import { expect, test } from 'vitest';
import { arrayDataset, datasetSource } from '../../src/index';
import { pairs } from '../fixture';

function ordered(length: number, seed: number, weight?: (index: number) => number) {
  const source = datasetSource(arrayDataset(pairs(length)), { ...(weight && { weight }) });
  return source.order({ random: Random.fromSeed(seed) });
}

const indexOf = ({ sample }: Draw) => Number(sample!.key.slice('pair-'.length));

/** The draws of the first epochs. */
async function epochs(order: { next(): Promise<Draw> }, count: number): Promise<number[][]> {
  const drawn: number[][] = Array.from({ length: count }, () => []);
  for (;;) {
    const draw = await order.next();
    if (draw.epoch >= count) return drawn;
    drawn[draw.epoch]!.push(indexOf(draw));
  }
}

test('every place of an epoch is as likely for every example (chi-square over 5 × 5 cells)', async () => {
  const cells = new Array<number>(25).fill(0);
  for (const epoch of await epochs(ordered(5, 11), 4000))
    for (const [place, index] of epoch.entries()) cells[place * 5 + index]!++;
  const chiSquare = cells.reduce((sum, cell) => sum + (cell - 800) ** 2 / 800, 0);
  expect(chiSquare).toBeLessThan(39.25); // p = 0.001 at 16 degrees of freedom
});

test('a weight is how often an example comes in an epoch, on average', async () => {
  const weights = [1, 0.25, 2.5, 0];
  const drawn = (
    await epochs(
      ordered(4, 5, i => weights[i]!),
      4000,
    )
  ).flat();
  const means = weights.map((_, i) => drawn.filter(index => index === i).length / 4000);
  expect(means[0]).toBe(1); // whole weights are no matter of chance
  expect(Math.abs(means[1]! - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 4000));
  expect(Math.abs(means[2]! - 2.5)).toBeLessThan(4 * Math.sqrt((0.5 * 0.5) / 4000));
  expect(means[3]).toBe(0);
});

test('which of the fractional examples appear is drawn anew each epoch', async () => {
  const [first, second] = (
    await epochs(
      ordered(400, 8, () => 0.5),
      2,
    )
  ).map(epoch => epoch.sort((a, b) => a - b));
  expect(first).not.toEqual(second);
  expect(first!.length).toBeGreaterThan(140);
  expect(first!.length).toBeLessThan(260);
});

test('nothing to draw from and weights that make no sense are refused', async () => {
  const drawn = (length: number, weight?: (index: number) => number) => async () =>
    ordered(length, 1, weight).next();
  await expect(drawn(0)).rejects.toThrow('none of 0 examples');
  await expect(drawn(3, () => 0)).rejects.toThrow('none of 3 examples has a weight above 0');
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    await expect(drawn(3, i => (i === 2 ? wrong : 1))).rejects.toThrow(
      'the weight of example 2 must be a number ≥ 0',
    );
});
