import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from './random';

const draw = (random: Random, n: number) => Array.from({ length: n }, () => random.uint32());

test('the first words of seed 0 are those of Philox at counter 0, key 0', () => {
  expect(draw(Random.fromSeed(0), 4)).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
});

test('a restored stream goes on exactly, from any position', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), fc.nat(50), (seed, before) => {
      const random = Random.fromSeed(seed).fork('data');
      draw(random, before);
      const saved = JSON.parse(JSON.stringify(random.state()));
      expect(draw(Random.restore(saved), 9)).toEqual(draw(random, 9));
    }),
  );
});

test('a fork depends on the key and the label, not on what was drawn', () => {
  const fresh = Random.fromSeed(7);
  const used = Random.fromSeed(7);
  draw(used, 13);
  expect(draw(used.fork('a'), 5)).toEqual(draw(fresh.fork('a'), 5));
  expect(draw(fresh.fork('a'), 5)).not.toEqual(draw(fresh.fork('b'), 5));
});

test('different labels give different streams, however they are cut into blocks', () => {
  const labels = ['', 'a', 'aa', 'encoder.0.norm1', 'encoder.0.norm1\0', 'encoder.0.norm', 1, '1', '#'];
  const firsts = labels.map(label => Random.fromSeed(1).fork(label).uint32());
  expect(new Set(firsts).size).toBe(labels.length);
});

test('integers are in range and uniform (chi-square over 7 cells)', () => {
  const random = Random.fromSeed(3);
  const cells = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) cells[random.integer(7)]!++;
  const chiSquare = cells.reduce((sum, cell) => sum + (cell - 10_000) ** 2 / 10_000, 0);
  expect(chiSquare).toBeLessThan(22.46); // p = 0.001 at 6 degrees of freedom
});

test('normal numbers have mean 0 and variance 1; truncated ones stay inside', () => {
  const random = Random.fromSeed(5);
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < 50_000; i++) {
    const x = random.normal();
    sum += x;
    squares += x * x;
    expect(Math.abs(random.truncatedNormal())).toBeLessThanOrEqual(2);
  }
  expect(Math.abs(sum / 50_000)).toBeLessThan(0.02);
  expect(Math.abs(squares / 50_000 - 1)).toBeLessThan(0.03);
});

test('a permutation holds every index once', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(), (n, seed) => {
      const order = [...Random.fromSeed(seed).permutation(n)].sort((a, b) => a - b);
      expect(order).toEqual(Array.from({ length: n }, (_, i) => i));
    }),
  );
});

test('seeds and ranges that make no sense are refused', () => {
  expect(() => Random.fromSeed(-1)).toThrow(/seed/);
  expect(() => Random.fromSeed(0.5)).toThrow(/seed/);
  expect(() => Random.fromSeed(0).integer(0)).toThrow(/integer in/);
});
