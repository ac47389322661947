import { Random } from '@simvlm/core';
import { expect, test } from 'vitest';
import { createSampler, type TokenSamplerOptions } from '../src/index';

/** Probabilities 0.5, 0.25, 0.125, 0.0625, 0.0625 in mixed order. */
const probabilities = [0.0625, 0.5, 0.125, 0.25, 0.0625];
const logits = Float32Array.from(probabilities, p => Math.log(p) + 3);

type Cut = { k: number; p?: number } | { k?: number; p: number };

function frequencies(options: Cut & { temperature?: number }, draws = 4000): number[] {
  const kind = options.k === undefined ? 'top-p' : 'top-k';
  const sample = createSampler({ kind, seed: 11, ...options } as TokenSamplerOptions);
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

test.each([
  [{ k: 1 }, [0, 1, 0, 0, 0]],
  [{ k: 3 }, [0, 4 / 7, 1 / 7, 2 / 7, 0]],
  // Of the two least likely tokens, which are equal, the first.
  [{ k: 4 }, [1 / 15, 8 / 15, 2 / 15, 4 / 15, 0]],
  [{ k: 99 }, probabilities],
  // The nucleus of the three likeliest: 4/7 + 2/7 reach 0.8 of them, where 0.5 + 0.25 would not reach 0.8 of all.
  [{ k: 3, p: 0.8 }, [0, 2 / 3, 0, 1 / 3, 0]],
  [{ k: 3, p: 0.5 }, [0, 1, 0, 0, 0]],
])('top-k %j draws from the likeliest tokens alone, in proportion', (options, expected) => {
  for (const [token, frequency] of frequencies(options).entries()) {
    if (expected[token] === 0) expect(frequency).toBe(0);
    expect(Math.abs(frequency - expected[token]!)).toBeLessThan(0.03);
  }
});

test('k and p mean the same whichever of the two kinds has them', () => {
  const [a, b] = (['top-k', 'top-p'] as const).map(kind =>
    createSampler({ kind, k: 4, p: 0.9, temperature: 1.5, seed: 2 }),
  );
  for (let step = 0; step < 100; step++) expect(a!(logits, 0, step)).toEqual(b!(logits, 0, step));
});

test('a nucleus in a large vocabulary has the fewest tokens that reach it', () => {
  const random = Random.fromSeed(1);
  const many = Float32Array.from({ length: 2000 }, () => 2 * random.normal());
  const weights = Array.from(many, Math.exp).sort((a, b) => b - a);
  const total = weights.reduce((a, b) => a + b);
  for (const p of [0.1, 0.5, 0.9, 0.99]) {
    let kept = 0;
    const size = weights.findIndex(weight => (kept += weight) >= p * total) + 1;
    const least = Math.log(weights[size - 1]!);
    const sample = createSampler({ kind: 'top-p', p, seed: 5 });
    const drawn = Array.from({ length: 100 }, (_, step) => many[sample(many, 0, step).token]!);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(least - 1e-6);
    // Drawn from all of it, its lighter half too.
    const middle = Math.log(weights[Math.floor(size / 2)]!);
    expect(drawn.filter(logit => logit <= middle + 1e-6).length).toBeGreaterThan(0);
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

test('draws depend on seed, row, caption and step, not on what was drawn before', () => {
  const options: TokenSamplerOptions = { kind: 'top-p', p: 1, seed: 4 };
  const draw = (sampler: ReturnType<typeof createSampler>, row: number, step: number) =>
    sampler(logits, row, step).token;
  const [a, b] = [createSampler(options), createSampler(options)];
  const forwards = Array.from({ length: 40 }, (_, i) => draw(a, i % 4, i >> 2));
  const backwards = Array.from({ length: 40 }, (_, i) => draw(b, (39 - i) % 4, (39 - i) >> 2)).reverse();
  expect(forwards).toEqual(backwards);
  const rows = [0, 1].map(row => Array.from({ length: 20 }, (_, step) => draw(a, row, step)));
  expect(rows[0]).not.toEqual(rows[1]);
  const captions = [0, 1, 2].map(caption =>
    Array.from({ length: 20 }, (_, step) => a(logits, 'picture', step, caption).token),
  );
  expect(new Set(captions.map(String)).size).toBe(3);
  expect(Array.from({ length: 20 }, (_, step) => b(logits, 'picture', step).token)).toEqual(captions[0]);
});

test.each([
  [{ kind: 'best' }, /kind must be greedy, top-k, top-p or beam, got "best"/],
  [{ kind: 'toString' }, /kind must be greedy, top-k, top-p or beam, got "toString"/],
  [{ kind: 'beam', beams: 2 }, /beams are for generate/],
  [{ kind: 'beam' }, /"beams" is missing/],
  [{ kind: 'beam', beams: 0 }, /"beams" must be an integer ≥ 1, got 0/],
  [{ kind: 'beam', beams: 2, lengthPenalty: -1 }, /"lengthPenalty" must be a number from 0 to 100, got -1/],
  [
    { kind: 'beam', beams: 2, earlyStopping: 'always' },
    /"earlyStopping" must be true, false or "never", got "always"/,
  ],
  [{ kind: 'beam', beams: 2, temperature: 2 }, /unknown key "temperature"/],
  [{ kind: 'top-k', seed: 1 }, /"k" is missing/],
  [{ kind: 'top-k', k: 1.5, seed: 1 }, /"k" must be an integer ≥ 1, got 1.5/],
  [{ kind: 'top-k', k: 5 }, /"seed" is missing/],
  [{ kind: 'top-p', p: 0, seed: 1 }, /"p" must be a number above 0, 1 at most, got 0/],
  [{ kind: 'top-p', p: 1.5, seed: 1 }, /"p" must be a number above 0, 1 at most, got 1.5/],
  [{ kind: 'top-p', p: 0.9, temperature: 0, seed: 1 }, /above 0/],
  [{ kind: 'top-p', p: 0.9, seed: -1 }, /"seed"/],
  [{ kind: 'top-p', p: 0.9, seed: 1, top: 5 }, /unknown key "top"/],
  [{ kind: 'top-p', p: 0.9 }, /"seed"/],
  [{ kind: 'greedy', seed: 1 }, /unknown key "seed"/],
])('%j is refused in one line', (options, message) => {
  expect(() => createSampler(options as TokenSamplerOptions)).toThrow(message);
});
