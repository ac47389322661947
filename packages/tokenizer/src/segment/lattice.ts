import { rootOf, step, valueAt } from '../double-array';
import { characterBytes } from '../utf8';
import type { Tokens } from './tokens';
import type { UnigramVocabulary } from './unigram-vocabulary';

/** When the search for the best segmentations holds so many partial ones, only the likeliest are kept. */
const MOST_HYPOTHESES = 10_000;
const KEPT_HYPOTHESES = 512;

/** One segmentation of a text: ids with their ends in the normalised bytes, and the sum of the scores. */
export interface ScoredSegmentation {
  readonly ids: readonly number[];
  readonly ends: readonly number[];
  readonly score: number;
}

/** A segmentation from some place to the end of the text: a piece, then the rest. */
interface Hypothesis {
  /** The first piece, or −1 for the empty rest at the end of the text. */
  readonly edge: number;
  readonly rest: Hypothesis | undefined;
  /** Of the rest alone, and of the rest with the best way to it. */
  readonly ownScore: number;
  readonly bestScore: number;
}

/**
 * All segmentations of a text by a unigram model, as a graph: places between characters, and an edge for each
 * piece. Gives the n best, and draws one at random (Kudo 2018, section 3.3).
 */
export class Lattice {
  readonly #begins: number[] = [];
  readonly #ends: number[] = [];
  readonly #ids: number[] = [];
  readonly #scores: number[] = [];
  /** The edges that end at each byte. */
  readonly #endingAt: number[][];
  readonly #length: number;

  constructor({ trie, scores, unused, unknown }: UnigramVocabulary, bytes: Uint8Array, length: number) {
    this.#length = length;
    this.#endingAt = Array.from({ length: length + 1 }, () => []);
    for (let begin = 0; begin < length; ) {
      const next = Math.min(begin + characterBytes(bytes[begin]!), length);
      let single = false;
      let place = rootOf(trie);
      for (let end = begin; end < length && place >= 0; end++) {
        const id = valueAt(trie, place, bytes[end]!);
        place = step(trie, place, bytes[end]!);
        if (id < 0 || unused?.[id] === 1) continue;
        if (end + 1 === next) single = true;
        this.#add(begin, end + 1, id, scores[id]!);
      }
      if (!single) this.#add(begin, next, unknown, scores[unknown]!);
      begin = next;
    }
  }

  /**
   * The likeliest segmentations, at most `n`, the likeliest first (A* from the end, guided by the best way to
   * each place).
   */
  nBest(n: number): ScoredSegmentation[] {
    const best = this.#bestScores();
    const queue = new HypothesisQueue();
    queue.push({ edge: -1, rest: undefined, ownScore: 0, bestScore: best[this.#length]! });
    const found: ScoredSegmentation[] = [];
    for (let top = queue.take(); top !== undefined && found.length < n; top = queue.take()) {
      const place = top.edge < 0 ? this.#length : this.#begins[top.edge]!;
      if (place === 0) {
        found.push(this.#segmentation(top));
        continue;
      }
      for (const edge of this.#endingAt[place]!) {
        const ownScore = Math.fround(this.#scores[edge]! + top.ownScore);
        const bestScore = Math.fround(
          Math.fround(best[this.#begins[edge]!]! + this.#scores[edge]!) + top.ownScore,
        );
        queue.push({ edge, rest: top, ownScore, bestScore });
      }
      if (queue.size >= MOST_HYPOTHESES) queue.keep(Math.min(KEPT_HYPOTHESES, n * 10));
    }
    return found;
  }

  /**
   * Draws a segmentation with probability proportional to P(segmentation)^alpha, by forward filtering and
   * backward sampling, and appends it to `tokens`.
   */
  sample(alpha: number, uniform: () => number, tokens: Tokens): void {
    const log = new Float64Array(this.#length + 1).fill(Number.NEGATIVE_INFINITY);
    log[0] = 0;
    for (let place = 1; place <= this.#length; place++)
      for (const edge of this.#endingAt[place]!)
        log[place] = logAdd(log[place]!, log[this.#begins[edge]!]! + alpha * this.#scores[edge]!);
    const path: number[] = [];
    for (let place = this.#length; place > 0; place = this.#begins[path[path.length - 1]!]!) {
      let left = uniform();
      const edges = this.#endingAt[place]!;
      let chosen = edges[0]!;
      for (const edge of edges) {
        const begin = log[this.#begins[edge]!]!;
        if (begin === Number.NEGATIVE_INFINITY) continue;
        chosen = edge;
        left -= Math.exp(begin + alpha * this.#scores[edge]! - log[place]!);
        if (left < 0) break;
      }
      path.push(chosen);
    }
    for (const edge of path.reverse()) tokens.push(this.#ids[edge]!, this.#ends[edge]!);
  }

  #add(begin: number, end: number, id: number, score: number): void {
    this.#endingAt[end]!.push(this.#ids.length);
    this.#begins.push(begin);
    this.#ends.push(end);
    this.#ids.push(id);
    this.#scores.push(score);
  }

  /** The score of the best way to each place, in float32 as in the original. */
  #bestScores(): Float32Array {
    const best = new Float32Array(this.#length + 1).fill(Number.NEGATIVE_INFINITY);
    best[0] = 0;
    for (let place = 1; place <= this.#length; place++)
      for (const edge of this.#endingAt[place]!)
        best[place] = Math.max(best[place]!, best[this.#begins[edge]!]! + this.#scores[edge]!);
    return best;
  }

  #segmentation(first: Hypothesis): ScoredSegmentation {
    const ids: number[] = [];
    const ends: number[] = [];
    for (let at: Hypothesis | undefined = first; at !== undefined && at.edge >= 0; at = at.rest) {
      ids.push(this.#ids[at.edge]!);
      ends.push(this.#ends[at.edge]!);
    }
    return { ids, ends, score: first.ownScore };
  }
}

/** The hypothesis with the greatest score first. A binary heap. */
class HypothesisQueue {
  #heap: Hypothesis[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(item: Hypothesis): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(item);
    for (
      let parent = (at - 1) >> 1;
      at > 0 && heap[parent]!.bestScore < item.bestScore;
      parent = (at - 1) >> 1
    ) {
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = item;
  }

  take(): Hypothesis | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.bestScore > heap[child]!.bestScore) child++;
      if (heap[child]!.bestScore <= last.bestScore) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }

  /** Forgets all but the `count` best; what is sorted is a heap. */
  keep(count: number): void {
    this.#heap = this.#heap.sort((a, b) => b.bestScore - a.bestScore).slice(0, count);
  }
}

function logAdd(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b;
  if (b === Number.NEGATIVE_INFINITY) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}
