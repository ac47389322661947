import type { Corpus } from './corpus';
import { digamma } from './digamma';
import type { SeedPieces } from './seed-pieces';

/** A piece that is expected less often than this is dropped. */
const LEAST_EXPECTED = 0.5;
/** A character that was dropped can still spell words, this far below the worst piece. */
const DROPPED_PENALTY = 10;
/**
 * A unigram model in training. Every word is a graph of the pieces that stand in it (`SeedPieces`), which
 * shrinks as pieces are dropped; no text is looked at again.
 */
export class UnigramEstimator {
  /** Natural logarithm of each piece's probability; of characters that were dropped, a low value. */
  readonly scores: Float64Array;
  /** 1 for the pieces that are left. */
  readonly alive: Uint8Array;
  readonly #corpus: Corpus;
  readonly #lengths: Uint8Array;
  readonly #places: Int32Array;
  readonly #starts: Int32Array;
  readonly #pieces: Int32Array;
  readonly #characters: number;
  readonly #alpha: Float64Array;
  readonly #beta: Float64Array;
  readonly #bestScores: Float64Array;
  #weights = new Float64Array(256);
  readonly #via: Int32Array;

  constructor(corpus: Corpus, seeds: SeedPieces) {
    const { frequencies, lengths, places, starts, pieces } = seeds;
    const total = Math.log(frequencies.reduce((sum, count) => sum + count, 0));
    this.scores = frequencies.map(count => Math.log(count) - total);
    this.alive = new Uint8Array(frequencies.length).fill(1);
    this.#corpus = corpus;
    this.#lengths = lengths;
    this.#places = places;
    this.#starts = starts;
    this.#pieces = pieces;
    this.#characters = corpus.characters.length;
    const words = corpus.counts.length;
    let longest = 0;
    for (let word = 0; word < words; word++)
      longest = Math.max(longest, corpus.starts[word + 1]! - corpus.starts[word]!);
    this.#alpha = new Float64Array(longest + 1);
    this.#beta = new Float64Array(longest + 1);
    this.#bestScores = new Float64Array(longest + 1);
    this.#via = new Int32Array(longest + 1);
  }

  /** How many pieces are left. */
  get count(): number {
    return this.alive.reduce((sum, alive) => sum + alive, 0);
  }

  /**
   * One step of expectation maximisation with a Dirichlet-process prior, which prefers few pieces (Kudo 2018,
   * section 3.2; Liang 2007). Drops pieces that are hardly expected.
   */
  reestimate(): void {
    const expected = this.#expectedCounts();
    let total = 0;
    for (let piece = 0; piece < expected.length; piece++) {
      if (this.alive[piece] === 0) continue;
      if (expected[piece]! < LEAST_EXPECTED) this.alive[piece] = 0;
      else total += expected[piece]!;
    }
    const logTotal = digamma(total);
    let least = 0;
    for (let piece = 0; piece < expected.length; piece++) {
      if (this.alive[piece] === 0) continue;
      this.scores[piece] = digamma(expected[piece]!) - logTotal;
      least = Math.min(least, this.scores[piece]!);
    }
    for (let piece = 0; piece < this.#characters; piece++)
      if (this.alive[piece] === 0) this.scores[piece] = least - DROPPED_PENALTY;
    this.#forgetDropped();
  }

  /**
   * Keeps the `size` pieces whose loss would hurt the likelihood of the corpus most. A piece is worth what
   * the likeliest segmentations would lose if its best other spelling stood in its place; one whose other
   * spelling is likelier than itself goes. Characters stay.
   */
  prune(size: number): void {
    const used = this.#bestCounts();
    const total = used.reduce((sum, count) => sum + count, 0);
    const losses = new Float64Array(this.scores.length).fill(Number.NEGATIVE_INFINITY);
    let characters = 0;
    for (let piece = 0; piece < this.scores.length; piece++) {
      if (this.alive[piece] === 0) continue;
      if (piece < this.#characters) {
        characters++;
        continue;
      }
      const begin = this.#places[piece]!;
      const end = begin + this.#lengths[piece]!;
      const other = this.#best(begin, end, piece);
      if (used[piece] === 0 || other >= this.scores[piece]!) continue;
      const frequency = used[piece]!;
      let parts = 0;
      let instead = 0;
      for (let at = end; at > begin; at -= this.#lengths[this.#via[at - begin]!]!) {
        instead += Math.log(used[this.#via[at - begin]!]! + frequency);
        parts++;
      }
      const own = Math.log(frequency) - Math.log(total);
      losses[piece] = frequency * (own - (instead - parts * Math.log(total + frequency * (parts - 1))));
    }
    this.#keepGreatest(losses, Math.max(0, size - characters));
    this.#forgetDropped();
  }

  #keepGreatest(losses: Float64Array, room: number): void {
    const sorted = losses.filter(loss => loss > Number.NEGATIVE_INFINITY).sort();
    const least =
      sorted.length > room
        ? (sorted[sorted.length - room] ?? Number.POSITIVE_INFINITY)
        : Number.NEGATIVE_INFINITY;
    let atLimit = room;
    for (const loss of losses) if (loss > least) atLimit--;
    for (let piece = this.#characters; piece < losses.length; piece++) {
      const loss = losses[piece]!;
      const stays = loss > least || (loss === least && loss > Number.NEGATIVE_INFINITY && atLimit-- > 0);
      if (!stays) this.alive[piece] = 0;
    }
  }

  /**
   * How often each piece occurs on average over all segmentations of all words (forward-backward).
   *
   * Probabilities of long words are far below what a number holds. So ways to a place are measured by the best
   * one: an edge weighs e^(best here + its score − best there) ≤ 1, and the best way weighs 1 everywhere.
   */
  #expectedCounts(): Float64Array {
    const expected = new Float64Array(this.scores.length);
    const { starts, counts } = this.#corpus;
    const [alpha, beta, best] = [this.#alpha, this.#beta, this.#bestScores];
    for (let word = 0; word < counts.length; word++) {
      const begin = starts[word]!;
      const length = starts[word + 1]! - 1 - begin;
      this.#best(begin, begin + length, -1);
      const firstEdge = this.#starts[begin]!;
      const weights = this.#edgeWeights(this.#starts[begin + length]! - firstEdge);
      alpha.fill(0, 0, length + 1);
      alpha[0] = 1;
      for (let at = 0; at < length; at++) {
        const stop = this.#starts[begin + at + 1]!;
        for (let edge = this.#starts[begin + at]!; edge < stop; edge++) {
          const piece = this.#pieces[edge]!;
          const to = at + this.#lengths[piece]!;
          const weight = Math.exp(best[at]! + this.scores[piece]! - best[to]!);
          weights[edge - firstEdge] = weight;
          alpha[to]! += alpha[at]! * weight;
        }
      }
      const count = counts[word]! / alpha[length]!;
      beta[length] = 1;
      for (let at = length - 1; at >= 0; at--) {
        let sum = 0;
        const stop = this.#starts[begin + at + 1]!;
        for (let edge = this.#starts[begin + at]!; edge < stop; edge++) {
          const piece = this.#pieces[edge]!;
          const value = weights[edge - firstEdge]! * beta[at + this.#lengths[piece]!]!;
          expected[piece]! += count * alpha[at]! * value;
          sum += value;
        }
        beta[at] = sum;
      }
    }
    return expected;
  }

  #edgeWeights(edges: number): Float64Array {
    if (this.#weights.length < edges) this.#weights = new Float64Array(edges * 2);
    return this.#weights;
  }

  /** How often each piece occurs in the likeliest segmentations of all words. */
  #bestCounts(): Float64Array {
    const used = new Float64Array(this.scores.length);
    const { starts, counts } = this.#corpus;
    for (let word = 0; word < counts.length; word++) {
      const begin = starts[word]!;
      const length = starts[word + 1]! - 1 - begin;
      this.#best(begin, begin + length, -1);
      for (let at = length; at > 0; at -= this.#lengths[this.#via[at]!]!)
        used[this.#via[at]!]! += counts[word]!;
    }
    return used;
  }

  /**
   * The score of the likeliest segmentation of a part of the corpus without one piece; `#via` has its last
   * piece at each place.
   */
  #best(begin: number, end: number, without: number): number {
    const best = this.#bestScores;
    const length = end - begin;
    best.fill(Number.NEGATIVE_INFINITY, 0, length + 1);
    best[0] = 0;
    for (let at = 0; at < length; at++) {
      const stop = this.#starts[begin + at + 1]!;
      for (let edge = this.#starts[begin + at]!; edge < stop; edge++) {
        const piece = this.#pieces[edge]!;
        const to = at + this.#lengths[piece]!;
        const score = best[at]! + this.scores[piece]!;
        if (to > length || piece === without || score <= best[to]!) continue;
        best[to] = score;
        this.#via[to] = piece;
      }
    }
    return best[length]!;
  }

  #isUsable(piece: number): boolean {
    return this.alive[piece] === 1 || piece < this.#characters;
  }

  /** Takes dropped pieces out of the words, in place. */
  #forgetDropped(): void {
    let kept = 0;
    let edge = 0;
    for (let place = 0; place + 1 < this.#starts.length; place++) {
      const stop = this.#starts[place + 1]!;
      for (; edge < stop; edge++)
        if (this.#isUsable(this.#pieces[edge]!)) this.#pieces[kept++] = this.#pieces[edge]!;
      this.#starts[place + 1] = kept;
    }
  }
}
