import { type Checkpoint, memoryCheckpoint } from '@simvlm/checkpoint';
import { Random } from '@simvlm/core';
import { type DoubtScale, doubtFile, doubtOf } from '@simvlm/run';
import { describe, expect, test } from 'vitest';
import { checkpointDoubt } from '../src/doubt/file';
import { distanceOf, spreadOf } from '../src/doubt/spread';

const width = 12;
/** Standard deviation of each number: a few vary much, most little. */
const deviations = [9, 7, 5, ...Array<number>(width - 3).fill(0.5)];
const random = Random.fromSeed(7);
const draw = () => Float32Array.from(deviations, deviation => 3 + deviation * random.normal());
const spread = spreadOf(Array.from({ length: 800 }, draw));

const scale: DoubtScale = {
  ...{ format: 1, spread, limit: 2 },
  distance: { mean: 3, deviation: 0.5 },
  surprise: { mean: 0.2, deviation: 0.4 },
  measured: { right: 100, wrong: 20, rightRefused: 0.02, wrongRefused: 0.5 },
};

describe('the distance from known pictures', () => {
  test('counts standard deviations, whatever the direction', () => {
    for (const axis of [0, 1, 2, 8]) {
      const features = Float32Array.from(spread.mean);
      features[axis]! += 6 * deviations[axis]!;
      expect(distanceOf(spread, features)).toBeGreaterThan(5);
      expect(distanceOf(spread, features)).toBeLessThan(7);
    }
    expect(distanceOf(spread, spread.mean)).toBe(0);
  });

  test('of a known picture is about the root of the number of directions', () => {
    const distances = Array.from({ length: 300 }, () => distanceOf(spread, draw()));
    const squares = distances.reduce((sum, value) => sum + value ** 2, 0) / distances.length;
    expect(squares / width).toBeGreaterThan(0.85);
    expect(squares / width).toBeLessThan(1.15);
  });

  test('can be told of pictures that are all the same', () => {
    const same = spreadOf([new Float32Array(4), new Float32Array(4)]);
    expect(distanceOf(same, [0, 0, 0, 0])).toBe(0);
    expect(distanceOf(same, [1, 0, 0, 0])).toBeGreaterThan(1e3);
  });
});

describe('doubt', () => {
  const far = Float32Array.from(spread.mean, (value, i) => value + 3 * deviations[i]!);

  test('comes of strange pictures and of unlikely captions', () => {
    const near = Float32Array.from(spread.mean);
    expect(doubtOf(scale, near, -0.1).unsure).toBe(false);
    expect(doubtOf(scale, near, -9).unsure).toBe(true);
    expect(doubtOf(scale, far, -0.1).unsure).toBe(true);
    expect(doubtOf(scale, far, -0.1).doubt).toBeGreaterThan(doubtOf(scale, near, -0.1).doubt);
  });

  test('goes where the picture was taught, and stays for others', () => {
    const taught = { ...scale, taught: [{ features: [...far], surprise: 3 }] };
    expect(doubtOf(taught, far, -0.1).unsure).toBe(false);
    // A lesson that is just learnt is said with little confidence; with less than that it is a guess.
    expect(doubtOf(taught, far, -3).unsure).toBe(false);
    expect(doubtOf(taught, far, -9).unsure).toBe(true);
    const elsewhere = Float32Array.from(spread.mean, (value, i) => value - 3 * deviations[i]!);
    expect(doubtOf(taught, elsewhere, -0.1).unsure).toBe(true);
  });
});

describe('doubt.json', () => {
  const holding = (bytes: Uint8Array): Checkpoint =>
    memoryCheckpoint(new Map([['doubt.json', bytes]]), 'somewhere');
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

  test('gives the same doubt as the scale that was written', async () => {
    const read = await checkpointDoubt(holding(doubtFile(scale)), width);
    for (let i = 0; i < 20; i++) {
      const features = draw();
      expect(doubtOf(read!, features, -1).doubt).toBeCloseTo(doubtOf(scale, features, -1).doubt, 1);
    }
    expect(read!.measured).toEqual(scale.measured);
  });

  test('is not needed', async () => {
    expect(await checkpointDoubt(memoryCheckpoint(new Map()), width)).toBeUndefined();
  });

  const { limit: _, ...unlimited } = scale;
  test.each([
    ['another model', doubtFile(scale), 64, 'of another model, whose features have 12 numbers, not 64'],
    ['no limit', json(unlimited), width, 'limit'],
    ['an unknown key', json({ ...scale, more: 1 }), width, 'more'],
    ['a variance of 0', json({ ...scale, spread: { ...spread, rest: 0 } }), width, 'spread.rest'],
    ['a variance too few', json({ ...scale, spread: { ...spread, variances: [] } }), width, 'another model'],
  ])('of %s is refused, by its name', async (_, bytes, expected, message) => {
    await expect(checkpointDoubt(holding(bytes), expected)).rejects.toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_INVALID',
        message: expect.stringMatching(`somewhere: doubt.json: .*${message}`),
      }),
    );
  });
});
