import { expect, test } from 'vitest';
import { createSampler, type SamplerOptions } from '../src/index';

/** Probabilities 0.5, 0.25, 0.125, 0.0625, 0.0625 in mixed order. */
const probabilities = [0.0625, 0.5, 0.125, 0.25, 0.0625];
const logits = Float32Array.from(probabilities, p => Math.log(p) + 3);

function frequencies(options: { p: number; temperature?: number }, draws = 4000): number[] {
  const sample = createSampler({ kind: 'top-p', seed: 11, ...options });
  const counts = new Array<number>(5).fill(0);
  for (let step = 0; step < draws; step++) counts[sample(logits, 0, step).token]!++;
  return counts.map(count => count / draws);
}

test('greedy takes the likeliest token, the first of several', () => {
  expect(createSampler({ kind: 'greedy' })(logits, 0, 0)).toEqual({
    token: 1,
    logProb: expect.closeTo(Math.log(0.5), 6),
  });
  expect(createSampler({ kind: 'greedy' })(Float32Array.of(1, 2, 2), 0, 0).token).toBe(1);
});

test.each([
  [0.49, [0, 1, 0, 0, 0]],
  [0.51, [0, 2 / 3, 0, 1 / 3, 0]],
  [0.8, [0, 4 / 7, 1 / 7, 2 / 7, 0]],
  [1, probabilities],
])('top-p %d draws from the fewest tokens that reach it, in proportion', (p, expected) => {
  for (const [token, frequency] of frequencies({ p }).entries()) {
    if (expected[token] === 0) expect(frequency).toBe(0);
    expect(Math.abs(frequency - expected[token]!)).toBeLessThan(0.03);
  }
});

test('a low temperature sharpens, a high one flattens', () => {
  const squared = probabilities.map(p => p * p);
  const total = squared.reduce((a, b) => a + b);
  for (const [token, frequency] of frequencies({ p: 1, temperature: 0.5 }).entries())
    expect(Math.abs(frequency - squared[token]! / total)).toBeLessThan(0.03);
  for (const frequency of frequencies({ p: 1, temperature: 1e6 }))
    expect(Math.abs(frequency - 0.2)).toBeLessThan(0.03);
  expect(frequencies({ p: 1, temperature: 1e-3 }, 100)).toEqual([0, 1, 0, 0, 0]);
});

test('the probability that is reported is the model’s, whatever the nucleus and temperature', () => {
  const sample = createSampler({ kind: 'top-p', p: 0.8, temperature: 2, seed: 1 });
  for (let step = 0; step < 20; step++) {
    const { token, logProb } = sample(logits, 0, step);
    expect(logProb).toBeCloseTo(Math.log(probabilities[token]!), 6);
  }
});

test('draws depend on seed, row and step, not on what was drawn before', () => {
  const options: SamplerOptions = { kind: 'top-p', p: 1, seed: 4 };
  const draw = (sampler: ReturnType<typeof createSampler>, row: number, step: number) =>
    sampler(logits, row, step).token;
  const [a, b] = [createSampler(options), createSampler(options)];
  const forwards = Array.from({ length: 40 }, (_, i) => draw(a, i % 4, i >> 2));
  const backwards = Array.from({ length: 40 }, (_, i) => draw(b, (39 - i) % 4, (39 - i) >> 2)).reverse();
  expect(forwards).toEqual(backwards);
  const rows = [0, 1].map(row => Array.from({ length: 20 }, (_, step) => draw(a, row, step)));
  expect(rows[0]).not.toEqual(rows[1]);
});

test.each([
  [{ kind: 'beam' }, /kind must be greedy or top-p, got "beam"/],
  [{ kind: 'top-p', p: 0, seed: 1 }, /above 0/],
  [{ kind: 'top-p', p: 1.5, seed: 1 }, /"p" must be a number from 0 to 1, got 1.5/],
  [{ kind: 'top-p', p: 0.9, temperature: 0, seed: 1 }, /above 0/],
  [{ kind: 'top-p', p: 0.9, seed: -1 }, /"seed"/],
  [{ kind: 'top-p', p: 0.9, seed: 1, top: 5 }, /unknown key "top"/],
  [{ kind: 'top-p', p: 0.9 }, /"seed"/],
  [{ kind: 'greedy', seed: 1 }, /unknown key "seed"/],
])('%j is refused in one line', (options, message) => {
  expect(() => createSampler(options as SamplerOptions)).toThrow(message);
});
