import { Lattice } from './lattice';

/** Steps of expectation maximisation between two prunings. */
const EM_STEPS = 2;
/** A piece that is expected less often than this is dropped. */
const LEAST_EXPECTED = 0.5;

/** Pieces and the logarithm of the probability of each. */
export interface UnigramModel {
  readonly texts: readonly string[];
  readonly scores: Float64Array;
}

type Words = ReadonlyMap<string, number>;

/** The model whose pieces are as likely as they are frequent. */
export function initialModel(seeds: ReadonlyMap<string, number>): UnigramModel {
  const counts = [...seeds.values()];
  const total = Math.log(counts.reduce((sum, count) => sum + count, 0));
  return { texts: [...seeds.keys()], scores: Float64Array.from(counts, count => Math.log(count) - total) };
}

/** Expectation maximisation with a Dirichlet-process prior, which prefers few pieces (Kudo 2018, section 3.2; Liang 2007). */
export function reestimate(model: UnigramModel, words: Words): UnigramModel {
  let { texts, scores } = model;
  for (let step = 0; step < EM_STEPS; step++) {
    const lattice = new Lattice(texts, scores);
    const expected = new Float64Array(texts.length);
    for (const [word, count] of words) lattice.addExpectedCounts(word, count, expected);
    const kept = [...expected.keys()].filter(id => expected[id]! >= LEAST_EXPECTED);
    const total = digamma(kept.reduce((sum, id) => sum + expected[id]!, 0));
    texts = kept.map(id => texts[id]!);
    scores = Float64Array.from(kept, id => digamma(expected[id]!) - total);
  }
  return { texts, scores };
}

/**
 * Keeps the `size` pieces whose loss would hurt the likelihood of the words most: the loss of a piece is estimated by putting its
 * best other segmentation in its place wherever the likeliest segmentation uses it. Pieces that cannot be segmented otherwise stay.
 */
export function prune({ texts, scores }: UnigramModel, words: Words, size: number): UnigramModel {
  const lattice = new Lattice(texts, scores);
  const used = new Float64Array(texts.length);
  const wordsWith = new Float64Array(texts.length);
  let all = 0;
  for (const [word, count] of words) {
    all += count;
    const ids = lattice.best(word);
    for (const id of ids) if (id >= 0) used[id]! += count;
    for (const id of new Set(ids)) if (id >= 0) wordsWith[id]! += count;
  }
  const total = used.reduce((sum, count) => sum + count, 0);
  const kept: number[] = [];
  const losses: { id: number; loss: number }[] = [];
  for (const [id, text] of texts.entries()) {
    const other = lattice.best(text, id);
    // An id of −1 means that a character would be lost.
    if (other.length === 0 || other.includes(-1)) {
      kept.push(id);
      continue;
    }
    if (used[id] === 0) continue;
    const frequency = used[id]!;
    const own = Math.log(frequency) - Math.log(total);
    const otherTotal = Math.log(total + frequency * (other.length - 1));
    const instead = other.reduce((sum, piece) => sum + Math.log(used[piece]! + frequency) - otherTotal, 0);
    losses.push({ id, loss: (wordsWith[id]! / all) * (own - instead) });
  }
  losses.sort((a, b) => b.loss - a.loss || a.id - b.id);
  for (const { id } of losses.slice(0, Math.max(0, size - kept.length))) kept.push(id);
  kept.sort((a, b) => a - b);
  return { texts: kept.map(id => texts[id]!), scores: Float64Array.from(kept, id => scores[id]!) };
}

/** ψ(x) for x > 0, by recurrence up to 7 and an asymptotic series (Abramowitz and Stegun, 6.3.5 and 6.3.18). */
export function digamma(x: number): number {
  let sum = 0;
  let at = x;
  for (; at < 7; at++) sum -= 1 / at;
  const inverse = 1 / (at * at);
  const series = inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse / 240)));
  return sum + Math.log(at) - 0.5 / at - series;
}
