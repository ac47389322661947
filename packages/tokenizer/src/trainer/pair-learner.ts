import { PairTable } from './pair-table';

/** A pair in the queue, with the frequency that it had when it was put there. */
interface Candidate {
  readonly pair: number;
  readonly frequency: number;
}

/** Words as symbols, as far as merges are learnt from them. */
export interface MergeCorpus {
  /** All words one after the other, as symbols ≥ 1, a 0 behind each. */
  readonly text: Int32Array;
  /** Where each word begins in `text`; one more for the end. */
  readonly starts: Int32Array;
  /** How often each word occurs. */
  readonly counts: Float64Array;
}

/** In what the trainers of byte-pair encodings differ. */
export interface MergeRule {
  /** Whether two neighbours may become a symbol. */
  goTogether(left: number, right: number): boolean;
  /** The symbol that two become. */
  symbolOf(left: number, right: number): number;
  /** Of two pairs that are equally frequent, whether the first comes first. */
  isFirst(left: number, right: number, otherLeft: number, otherRight: number): boolean;
  /** A pair that was joined still counts where its occurrences come anew. */
  readonly keepsCounts: boolean;
}

/** Two symbols, and what they become. */
export interface Merge {
  readonly left: number;
  readonly right: number;
  readonly symbol: number;
}

/**
 * Byte-pair encoding in training (Sennrich et al. 2016): the most frequent pair of neighbours becomes a
 * symbol, again and again. Only the neighbours of what was joined are counted anew.
 */
export class PairLearner {
  readonly #rule: MergeRule;
  readonly #least: number;
  /**
   * The corpus with symbols joined: at each place a symbol, 0 where a word ends, −1 inside a joined symbol.
   */
  readonly #text: Int32Array;
  /** Of each place the count of its word. */
  readonly #weights: Float64Array;
  /** Of the first place of each symbol how many places it takes; the same stands at its last place. */
  readonly #spans: Uint16Array;
  readonly #pairs = new PairTable();
  readonly #queue: Candidate[] = [];

  /** @param least pairs that are less frequent are not joined */
  constructor({ text, starts, counts }: MergeCorpus, rule: MergeRule, least = 1) {
    this.#rule = rule;
    this.#least = least;
    this.#text = text.slice();
    this.#spans = new Uint16Array(text.length).fill(1);
    this.#weights = new Float64Array(text.length);
    for (let word = 0; word < counts.length; word++)
      this.#weights.fill(counts[word]!, starts[word]!, starts[word + 1]!);
    for (let place = 0; place + 1 < text.length; place++) this.#see(place, place + 1);
    for (let pair = 0; pair < this.#pairs.count; pair++) this.#enqueue(pair);
  }

  /** Joins the most frequent pair everywhere; undefined when none is left. */
  next(): Merge | undefined {
    for (;;) {
      const top = this.#dequeue();
      if (top === undefined) return undefined;
      const frequency = this.#pairs.frequencies[top.pair]!;
      if (frequency !== top.frequency) {
        if (frequency > 0) this.#enqueue(top.pair);
        continue;
      }
      if (frequency < this.#least) return undefined;
      const [left, right] = [this.#pairs.lefts[top.pair]!, this.#pairs.rights[top.pair]!];
      const symbol = this.#rule.symbolOf(left, right);
      this.#join(top.pair, symbol);
      return { left, right, symbol };
    }
  }

  #join(pair: number, symbol: number): void {
    const [left, right] = [this.#pairs.lefts[pair]!, this.#pairs.rights[pair]!];
    const text = this.#text;
    const changed = new Set<number>();
    for (const place of this.#pairs.places(pair)) {
      if (text[place] !== left) continue;
      const second = place + this.#spans[place]!;
      if (text[second] !== right) continue;
      const after = second + this.#spans[second]!;
      const before = place > 0 && text[place - 1] !== 0 ? place - this.#spans[place - 1]! : -1;
      if (before >= 0) this.#unsee(before, place);
      if (after < text.length) this.#unsee(second, after);
      text[place] = symbol;
      text.fill(-1, place + 1, after);
      this.#spans[place] = this.#spans[after - 1] = after - place;
      if (before >= 0) this.#see(before, place, changed);
      if (after < text.length) this.#see(place, after, changed);
    }
    if (!this.#rule.keepsCounts) this.#pairs.frequencies[pair] = 0;
    for (const more of changed) if (this.#pairs.frequencies[more]! > 0) this.#enqueue(more);
  }

  /** Counts two neighbours, if they may become a piece. */
  #see(place: number, next: number, changed?: Set<number>): void {
    const [left, right] = [this.#text[place]!, this.#text[next]!];
    if (!this.#goTogether(left, right)) return;
    const pair = this.#pairs.number(left, right);
    this.#pairs.frequencies[pair]! += this.#weights[place]!;
    this.#pairs.addPlace(pair, place);
    changed?.add(pair);
  }

  #unsee(place: number, next: number): void {
    const [left, right] = [this.#text[place]!, this.#text[next]!];
    if (this.#goTogether(left, right))
      this.#pairs.frequencies[this.#pairs.number(left, right)]! -= this.#weights[place]!;
  }

  #goTogether(left: number, right: number): boolean {
    return left > 0 && right > 0 && this.#rule.goTogether(left, right);
  }

  /** The more frequent first. */
  #precedes(a: Candidate, b: Candidate): boolean {
    if (a.frequency !== b.frequency) return a.frequency > b.frequency;
    const { lefts, rights } = this.#pairs;
    return this.#rule.isFirst(lefts[a.pair]!, rights[a.pair]!, lefts[b.pair]!, rights[b.pair]!);
  }

  #enqueue(pair: number): void {
    const queue = this.#queue;
    const item = { pair, frequency: this.#pairs.frequencies[pair]! };
    let at = queue.length;
    queue.push(item);
    for (let parent = (at - 1) >> 1; at > 0 && this.#precedes(item, queue[parent]!); parent = (at - 1) >> 1) {
      queue[at] = queue[parent]!;
      at = parent;
    }
    queue[at] = item;
  }

  #dequeue(): Candidate | undefined {
    const queue = this.#queue;
    const top = queue[0];
    const last = queue.pop();
    if (last === undefined || queue.length === 0) return top;
    let at = 0;
    for (let child = 1; child < queue.length; child = 2 * at + 1) {
      if (child + 1 < queue.length && this.#precedes(queue[child + 1]!, queue[child]!)) child++;
      if (!this.#precedes(queue[child]!, last)) break;
      queue[at] = queue[child]!;
      at = child;
    }
    queue[at] = last;
    return top;
  }
}
