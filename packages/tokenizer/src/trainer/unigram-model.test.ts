import { expect, it } from 'vitest';
import { Lattice } from './lattice';
import { digamma, initialModel, prune, reestimate } from './unigram-model';

it('digamma equals its published values', () => {
  // Abramowitz and Stegun, tables 6.1 and 6.3: ψ(1) = −γ, ψ(1/2) = −γ − 2 ln 2, ψ(10).
  expect(digamma(1)).toBeCloseTo(-0.577215664901532, 10);
  expect(digamma(0.5)).toBeCloseTo(-1.963510026021423, 10);
  expect(digamma(10)).toBeCloseTo(2.25175258906672, 10);
});

it('the expected counts are those of all segmentations, weighed by their probability', () => {
  const texts = ['a', 'b', 'ab'];
  const scores = Float64Array.from([0.5, 0.3, 0.2], Math.log);
  const expected = new Float64Array(3);
  const log = new Lattice(texts, scores).addExpectedCounts('ab', 2, expected);
  // P(ab) = P(a) P(b) + P("ab") = 0.15 + 0.2
  expect(Math.exp(log)).toBeCloseTo(0.35, 12);
  const apart = 2 * (0.15 / 0.35);
  expect([...expected]).toEqual([apart, apart, 2 - apart].map(value => expect.closeTo(value, 10)));
});

it('a word with characters that no piece has still has a segmentation', () => {
  const lattice = new Lattice(['a'], Float64Array.of(-1));
  expect(lattice.best('aXa')).toEqual([0, -1, 0]);
});

it('every step of expectation maximisation keeps the pieces that explain the words', () => {
  const words = new Map([
    ['▁hug', 10],
    ['▁pug', 5],
    ['▁hugs', 5],
  ]);
  const seeds = new Map(Object.entries({ '▁': 20, h: 15, u: 20, g: 20, p: 5, s: 5, ug: 20, '▁hug': 15 }));
  const model = reestimate(initialModel(seeds), words);
  const best = new Lattice(model.texts, model.scores).best('▁hug');
  expect(best.map(id => model.texts[id])).toEqual(['▁hug']);
});

it('pruning keeps what nothing else can spell', () => {
  const seeds = new Map(Object.entries({ a: 4, b: 4, ab: 3, aba: 1 }));
  const model = prune(initialModel(seeds), new Map([['abab', 2]]), 2);
  expect(model.texts).toEqual(['a', 'b']);
});
