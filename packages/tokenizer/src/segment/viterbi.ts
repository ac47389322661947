import { HAS_VALUE, LABEL, offsetOf, rootOf, VALUE } from '../double-array';
import { characterBytes } from '../utf8';
import type { Segmenter } from './segmenter';
import type { Tokens } from './tokens';
import type { UnigramVocabulary } from './unigram-vocabulary';

/** Bytes of the text that the buffers are kept for. */
const KEPT = 2 ** 16;

/**
 * The likeliest segmentation of a unigram model (Kudo 2018, section 3.1; Viterbi), in time proportional to
 * the text. At every place between two characters it keeps the best way to get there:
 *
 * ```
 *        ▁       a       b       c
 *    0 ───▶ 3 ───▶ 4 ───▶ 5 ───▶ 6        best[6] = max( best[5] + score(c),
 *                  └───── bc ───▲                        best[4] + score(bc), … )
 * ```
 */
export class Viterbi implements Segmenter {
  margin = Number.POSITIVE_INFINITY;
  readonly #vocabulary: UnigramVocabulary;
  #best = new Float32Array(256);
  /** Where the last piece of the best way begins; −1: no way yet. */
  #from = new Int32Array(256);
  #id = new Int32Array(256);

  constructor(vocabulary: UnigramVocabulary) {
    this.#vocabulary = vocabulary;
  }

  segment(bytes: Uint8Array, begin: number, end: number, base: number, tokens: Tokens): number {
    const length = end - begin;
    if (this.#best.length <= length) this.#allocate(length * 2);
    const { trie, scores, unused, unknown } = this.#vocabulary;
    const [best, from, id] = [this.#best, this.#from, this.#id];
    const unknownScore = scores[unknown]!;
    const root = rootOf(trie);
    let margin = Number.POSITIVE_INFINITY;
    from.fill(-1, 0, length + 1);
    best[0] = base;
    for (let at = 0; at < length; ) {
      const here = best[at]!;
      const next = Math.min(at + characterBytes(bytes[begin + at]!), length);
      let single = false;
      let place = root;
      for (let to = at; to < length; ) {
        const byte = bytes[begin + to]!;
        const child = place ^ byte;
        const unit = trie[child]!;
        if ((unit & LABEL) !== byte || byte === 0) break;
        to++;
        place = child ^ offsetOf(unit);
        if ((unit & HAS_VALUE) === 0) continue;
        const piece = trie[place]! & VALUE;
        if (unused !== undefined && unused[piece] === 1) continue;
        if (to === next) single = true;
        // In double precision against what was rounded to single: the comparison that the original makes.
        const score = scores[piece]! + here;
        if (from[to]! >= 0) {
          const lead = score - best[to]!;
          margin = Math.min(margin, Math.abs(lead));
          if (!(lead > 0)) continue;
        }
        best[to] = score;
        from[to] = at;
        id[to] = piece;
      }
      if (!single) {
        const score = Math.fround(unknownScore + here);
        const lead = from[next]! < 0 ? Number.POSITIVE_INFINITY : score - best[next]!;
        margin = Math.min(margin, Math.abs(lead));
        if (lead > 0) {
          best[next] = score;
          from[next] = at;
          id[next] = unknown;
        }
      }
      at = next;
    }
    this.margin = margin;
    const score = best[length]!;
    this.#collect(begin, length, tokens);
    if (length > KEPT) this.#allocate(256);
    return score;
  }

  /** Walks back from the end and writes the pieces in their order. */
  #collect(begin: number, length: number, tokens: Tokens): void {
    const [from, id] = [this.#from, this.#id];
    let count = 0;
    for (let at = length; at > 0; at = from[at]!) count++;
    tokens.reserve(count);
    let place = (tokens.count += count);
    const { unknown } = this.#vocabulary;
    for (let at = length; at > 0; at = from[at]!) {
      place--;
      tokens.ids[place] = id[at]!;
      tokens.ends[place] = begin + at;
      if (id[at] === unknown) tokens.unknown++;
    }
  }

  #allocate(size: number): void {
    this.#best = new Float32Array(size + 1);
    this.#from = new Int32Array(size + 1);
    this.#id = new Int32Array(size + 1);
  }
}
