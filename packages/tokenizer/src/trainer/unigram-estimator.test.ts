import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Corpus } from './corpus';
import { corpusOf, textAt, wordsOf } from './corpus.test-util';
import { digamma } from './digamma';
import { type SeedPieces, seedPieces } from './seed-pieces';
import { UnigramEstimator } from './unigram-estimator';

const LEAST_EXPECTED = 0.5;

/** An estimator at work, its pieces by their texts. */
function begin(words: Readonly<Record<string, number>>, maxLength = 8) {
  const corpus = corpusOf(words);
  const seeds = seedPieces(corpus, maxLength);
  const estimator = new UnigramEstimator(corpus, seeds);
  const texts = textsOf(corpus, seeds);
  const characters = corpus.characters.length;
  /** Those that words are spelled with: what is left, and characters, which can be spelled even if they were dropped. */
  const usable = () =>
    new Map(
      texts.flatMap((text, piece) =>
        estimator.alive[piece] === 1 || piece < characters ? [[text, estimator.scores[piece]!]] : [],
      ),
    );
  const left = () => texts.filter((_, piece) => estimator.alive[piece] === 1);
  return { corpus, estimator, texts, usable, left };
}

function textsOf(corpus: Corpus, { lengths, places }: SeedPieces): string[] {
  return Array.from(lengths, (length, piece) => textAt(corpus, places[piece]!, length));
}

/** Every way to write a word with these pieces, by trying all. */
function segmentations(word: string, scores: ReadonlyMap<string, number>): string[][] {
  if (word === '') return [[]];
  return Array.from(word, (_, i) => word.slice(0, i + 1))
    .filter(piece => scores.has(piece))
    .flatMap(piece => segmentations(word.slice(piece.length), scores).map(rest => [piece, ...rest]));
}

const scoreOf = (segmentation: readonly string[], scores: ReadonlyMap<string, number>) =>
  segmentation.reduce((sum, piece) => sum + scores.get(piece)!, 0);

/** How often each piece is expected over all segmentations, and the logarithm of the corpus's probability. */
function expectation(words: Readonly<Record<string, number>>, scores: ReadonlyMap<string, number>) {
  const expected = new Map(Array.from(scores.keys(), piece => [piece, 0]));
  let likelihood = 0;
  for (const [word, count] of Object.entries(words)) {
    const ways = segmentations(word, scores);
    const probabilities = ways.map(way => Math.exp(scoreOf(way, scores)));
    const whole = probabilities.reduce((sum, probability) => sum + probability, 0);
    likelihood += count * Math.log(whole);
    for (const [i, way] of ways.entries())
      for (const piece of way)
        expected.set(piece, expected.get(piece)! + (count * probabilities[i]!) / whole);
  }
  return { expected, likelihood };
}

const word = fc.string({ unit: fc.constantFrom('a', 'a', 'b', 'c', '▁'), minLength: 1, maxLength: 8 });
const corpus = (most: number) =>
  fc
    .uniqueArray(fc.tuple(word, fc.integer({ min: 1, max: most })), {
      selector: ([text]) => text,
      minLength: 1,
      maxLength: 6,
    })
    .map(entries => Object.fromEntries(entries));

describe('digamma', () => {
  it('has its published values', () => {
    // Abramowitz and Stegun, tables 6.1 and 6.3: ψ(1) = −γ, ψ(1/2) = −γ − 2 ln 2, ψ(10).
    expect(digamma(1)).toBeCloseTo(-0.577215664901532, 10);
    expect(digamma(0.5)).toBeCloseTo(-1.963510026021423, 10);
    expect(digamma(10)).toBeCloseTo(2.25175258906672, 10);
  });

  it('rises by 1/x from x to x + 1, and by ln 2 and a mean from x to 2x', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), x => {
        expect(Math.abs(digamma(x + 1) - digamma(x) - 1 / x)).toBeLessThan(1e-9 * (1 + 1 / x));
        // Abramowitz and Stegun, 6.3.8.
        const doubled = Math.LN2 + (digamma(x) + digamma(x + 0.5)) / 2;
        expect(Math.abs(digamma(2 * x) - doubled)).toBeLessThan(1e-9 * (1 + 1 / x));
      }),
    );
  });
});

describe('the first scores', () => {
  it('are the logarithms of the frequencies, as shares of all', () => {
    const { estimator, usable } = begin({ ab: 3, b: 2 });
    // a 3, b 5, ab 3
    expect(estimator.count).toBe(3);
    for (const [text, frequency] of Object.entries({ a: 3, b: 5, ab: 3 }))
      expect(usable().get(text)).toBeCloseTo(Math.log(frequency / 11), 12);
  });
});

describe('a step of expectation maximisation', () => {
  it('weighs every segmentation of every word by its probability', () => {
    fc.assert(
      fc.property(corpus(20), words => {
        const { estimator, usable, left } = begin(words);
        // Later steps go on with the scores of the ones before, and without the pieces that they dropped.
        for (let step = 0; step < 3; step++) {
          const { expected } = expectation(words, usable());
          // On the border rounding decides.
          fc.pre([...expected.values()].every(count => Math.abs(count - LEAST_EXPECTED) > 1e-9));
          const stay = left().filter(piece => expected.get(piece)! >= LEAST_EXPECTED);
          const total = stay.reduce((sum, piece) => sum + expected.get(piece)!, 0);
          estimator.reestimate();
          expect(left()).toEqual(stay);
          for (const piece of stay)
            expect(usable().get(piece)).toBeCloseTo(digamma(expected.get(piece)!) - digamma(total), 7);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('spells what needs a dropped character as if it scored 10 less than the worst piece', () => {
    // "c" is always part of "▁c", and so no piece of its own any more after some steps.
    const { estimator, usable, left } = begin({ '▁c': 100, '▁': 100, '▁cab': 3 });
    for (let step = 0; step < 8; step++) estimator.reestimate();
    expect(left()).not.toContain('c');
    expect(usable().get('c')).toBeCloseTo(Math.min(...left().map(text => usable().get(text)!)) - 10, 9);
  });

  it('never lowers the bound of the likelihood that it climbs, until pieces are dropped', () => {
    // Variational Bayes with a Dirichlet prior that goes to 0: with n expected before, s = ψ(n) − ψ(Σn) and Z the
    // probability under s, the bound is ln Z − Σ n·s + Σ ln Γ(n) − ln Γ(Σn), up to a constant (Liang 2007).
    let rose = 0;
    fc.assert(
      fc.property(corpus(1000), words => {
        const { estimator, usable } = begin(words);
        let before = Number.NEGATIVE_INFINITY;
        for (let step = 0; step < 6; step++) {
          const { expected } = expectation(words, usable());
          const count = estimator.count;
          estimator.reestimate();
          if (estimator.count < count) return;
          const counts = [...expected.values()];
          const bound =
            expectation(words, usable()).likelihood -
            [...expected].reduce((sum, [piece, n]) => sum + n * usable().get(piece)!, 0) +
            counts.reduce((sum, n) => sum + logGamma(n), 0) -
            logGamma(counts.reduce((sum, n) => sum + n, 0));
          expect(bound).toBeGreaterThanOrEqual(before - 1e-6 * Math.abs(before));
          if (bound > before + 1e-3) rose++;
          before = bound;
        }
      }),
      { numRuns: 200 },
    );
    expect(rose).toBeGreaterThan(20);
  });

  it('makes a word that is all there is one piece', () => {
    const { estimator, usable, left } = begin({ '▁abcabc': 50 });
    for (let step = 0; step < 20; step++) estimator.reestimate();
    expect(left()).toEqual(['▁abcabc']);
    expect(usable().get('▁abcabc')).toBeCloseTo(0, 9);
  });
});

describe('very long words and very small probabilities', () => {
  const rare = Array.from({ length: 200 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('');
  it.each<[string, Record<string, number>, number]>([
    ['one symbol 256 times', { [`▁${'-'.repeat(255)}`]: 1 }, 64],
    ['one symbol 256 times, often', { [`▁${'-'.repeat(255)}`]: 1e6 }, 64],
    ['a period', { ['ab'.repeat(128)]: 2, ['ba'.repeat(128)]: 7 }, 16],
    ['200 characters that stand nowhere else', { [`${rare}${rare.slice(0, 56)}`]: 1, a: 1e8 }, 16],
    [
      'rare characters before frequent ones',
      { [`${rare.slice(0, 128)}${'a'.repeat(128)}`]: 1, [`${'a'.repeat(64)}`]: 1000 },
      16,
    ],
    [
      'frequent characters before rare ones',
      { [`${'a'.repeat(128)}${rare.slice(0, 128)}`]: 1, [`${'a'.repeat(64)}`]: 1e8 },
      16,
    ],
    [
      'rare characters between pieces of 64',
      { [`${'a'.repeat(128)}${rare.slice(0, 64)}${'a'.repeat(64)}`]: 1, [`${'a'.repeat(64)}`]: 1e6 },
      64,
    ],
    [
      'characters that were dropped, again and again',
      { [`${'a'.repeat(128)}${'ab'.repeat(64)}`]: 1, ab: 1e6, ba: 1e6 },
      2,
    ],
  ])('%s: the expected counts are those of logarithms', (_, words, maxLength) => {
    const { corpus, estimator, usable, texts } = begin(words, maxLength);
    for (let step = 0; step < 6; step++) {
      const expected = logarithmicExpectation(corpus, usable(), maxLength);
      const stay = new Set(
        texts.filter((text, piece) => estimator.alive[piece] === 1 && expected.get(text)! >= LEAST_EXPECTED),
      );
      const total = [...stay].reduce((sum, text) => sum + expected.get(text)!, 0);
      estimator.reestimate();
      for (const [piece, text] of texts.entries()) {
        expect(
          Number.isFinite(estimator.scores[piece]),
          `score ${estimator.scores[piece]} of "${text}"`,
        ).toBe(true);
        if (!stay.has(text) || estimator.alive[piece] === 0) continue;
        const score = digamma(expected.get(text)!) - digamma(total);
        expect([step, text, estimator.scores[piece]]).toEqual([step, text, expect.closeTo(score, 5)]);
      }
      // Where the expected count is all but the limit, rounding decides.
      for (const text of texts) {
        const isAlive = estimator.alive[texts.indexOf(text)] === 1;
        if (Math.abs((expected.get(text) ?? 0) - LEAST_EXPECTED) > 1e-6)
          expect([text, isAlive]).toEqual([text, stay.has(text)]);
      }
      if (step === 3) estimator.prune(Math.ceil(estimator.count / 2));
    }
  });
});

describe('prune', () => {
  it('keeps every character that is left, and of the others those that are worth most', () => {
    let pruned = 0;
    fc.assert(
      fc.property(corpus(50), fc.nat(10), (words, size) => {
        const { corpus, estimator, usable, left } = begin(words);
        estimator.reestimate();
        estimator.reestimate();
        const scores = usable();
        const best = (text: string, without?: string) => {
          const ways = segmentations(text, scores)
            .filter(way => way[0] !== without)
            .map(way => ({ way, score: scoreOf(way, scores) }))
            .sort((a, b) => b.score - a.score);
          // Of two that are alike either is right.
          fc.pre(ways.length < 2 || ways[0]!.score - ways[1]!.score > 1e-9);
          return ways[0]!;
        };
        const used = new Map<string, number>();
        for (const [word, count] of Object.entries(words))
          for (const piece of best(word).way) used.set(piece, (used.get(piece) ?? 0) + count);
        const total = [...used.values()].reduce((sum, count) => sum + count, 0);
        const characters = left().filter(text => corpus.characters.includes(text));
        // What the likeliest segmentations lose if another spelling stands in place of the piece, the counts with it.
        const worth = new Map<string, number>();
        for (const piece of left()) {
          const count = used.get(piece);
          if (characters.includes(piece) || count === undefined) continue;
          const { way, score } = best(piece, piece);
          if (score >= scores.get(piece)!) continue;
          const newTotal = Math.log(total + count * (way.length - 1));
          const instead = way.reduce(
            (sum, part) => sum + Math.log((used.get(part) ?? 0) + count) - newTotal,
            0,
          );
          worth.set(piece, count * (Math.log(count / total) - instead));
        }
        estimator.prune(size);
        const kept = left().filter(text => !characters.includes(text));
        expect(left()).toEqual(expect.arrayContaining(characters));
        expect(kept).toHaveLength(Math.min(worth.size, Math.max(0, size - characters.length)));
        const dropped = [...worth].filter(([text]) => !kept.includes(text));
        for (const piece of kept)
          for (const [, loss] of dropped)
            expect(worth.get(piece)!).toBeGreaterThanOrEqual(loss - 1e-9 * Math.abs(loss));
        if (dropped.length > 0 && kept.length > 0) pruned++;
        // Nothing comes back.
        const remaining = left();
        estimator.reestimate();
        expect(remaining).toEqual(expect.arrayContaining(left()));
      }),
      { numRuns: 400 },
    );
    expect(pruned).toBeGreaterThan(20);
  });

  it('drops a piece whose other spelling is likelier, however much room there is', () => {
    const { corpus, estimator, texts, left } = begin({ ab: 5, abc: 5, c: 5, ca: 9 });
    expect(left().sort()).toEqual(['a', 'ab', 'abc', 'b', 'c', 'ca']);
    estimator.scores.set(texts.map(text => ({ ab: -3, abc: -2, ca: -2 })[text] ?? -1));
    estimator.prune(100);
    // a b is likelier than ab; a b c is less likely than abc; c a is as likely as ca.
    expect(left().sort()).toEqual(['a', 'abc', 'b', 'c']);
    expect(Object.keys(wordsOf(corpus))).toHaveLength(4);
  });

  it('drops a piece that no likeliest segmentation uses', () => {
    const { estimator, texts, left } = begin({ abc: 5, ab: 5 });
    estimator.scores.set(texts.map(text => ({ abc: -1, ab: -1.5 })[text] ?? -3));
    estimator.prune(100);
    expect(left().sort()).toEqual(['a', 'ab', 'abc', 'b', 'c']);
    estimator.scores.set(texts.map(text => ({ abc: -9, ab: -9, c: -0.1 })[text] ?? -3));
    estimator.prune(100);
    expect(left().sort()).toEqual(['a', 'b', 'c']);
  });

  it('leaves characters only when it is asked for fewer', () => {
    const { estimator, left } = begin({ '▁hug': 10, '▁pug': 5, '▁hugs': 5 });
    estimator.prune(0);
    expect(left().sort()).toEqual([...'ghpsu▁']);
    expect(estimator.count).toBe(6);
  });
});

/** Forward-backward over logarithms, which neither vanish nor overflow. */
function logarithmicExpectation(
  corpus: Corpus,
  scores: ReadonlyMap<string, number>,
  maxLength: number,
): Map<string, number> {
  const expected = new Map(Array.from(scores.keys(), text => [text, 0]));
  for (const [word, count] of Object.entries(wordsOf(corpus))) {
    const forward: number[][] = Array.from({ length: word.length + 1 }, () => []);
    const edges: [number, number, string][] = [];
    for (let from = 0; from < word.length; from++)
      for (let to = from + 1; to <= Math.min(word.length, from + maxLength); to++)
        if (scores.has(word.slice(from, to))) edges.push([from, to, word.slice(from, to)]);
    const alpha = [0];
    for (const [from, to, text] of edges) {
      alpha[from] ??= logSum(forward[from]!);
      forward[to]!.push(alpha[from]! + scores.get(text)!);
    }
    alpha[word.length] = logSum(forward[word.length]!);
    const backward: number[][] = Array.from({ length: word.length + 1 }, () => []);
    const beta: number[] = [];
    beta[word.length] = 0;
    for (const [from, to, text] of edges.toReversed()) {
      beta[to] ??= logSum(backward[to]!);
      backward[from]!.push(beta[to]! + scores.get(text)!);
    }
    for (const [from, to, text] of edges) {
      const log = alpha[from]! + scores.get(text)! + beta[to]! - alpha[word.length]!;
      expected.set(text, expected.get(text)! + count * Math.exp(log));
    }
  }
  return expected;
}

function logSum(logs: readonly number[]): number {
  const greatest = Math.max(...logs);
  return greatest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - greatest), 0));
}

/** ln Γ(x) for x > 0, by recurrence and Stirling's series. */
function logGamma(x: number): number {
  let at = x;
  let sum = 0;
  for (; at < 10; at++) sum -= Math.log(at);
  return (
    sum +
    (at - 0.5) * Math.log(at) -
    at +
    Math.log(2 * Math.PI) / 2 +
    1 / (12 * at) -
    1 / (360 * at ** 3) +
    1 / (1260 * at ** 5)
  );
}
