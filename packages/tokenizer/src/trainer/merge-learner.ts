import type { Corpus } from './corpus';
import { PairTable } from './pair-table';
import { joinedScript, scriptOf } from './script';

/** A pair in the queue, with the frequency that it had when it was put there. */
interface Candidate {
  readonly pair: number;
  readonly frequency: number;
}

/**
 * Byte-pair encoding in training (Sennrich et al. 2016): the most frequent pair of neighbours becomes a
 * symbol, again and again. Only the neighbours of what was joined are counted anew.
 */
export class MergeLearner {
  /** The text of each symbol; symbol 0 is the end of a word. */
  readonly texts: string[];
  readonly #lengths: number[];
  readonly #scripts: number[];
  readonly #maxLength: number;
  /**
   * The corpus with symbols joined: at each place a symbol, 0 where a word ends, −1 inside a joined symbol.
   */
  readonly #text: Int32Array;
  /** Of each place the count of its word. */
  readonly #weights: Float64Array;
  /** Of the first place of each symbol how many places it takes; the same stands at its last place. */
  readonly #spans: Uint8Array;
  readonly #pairs = new PairTable();
  readonly #queue: Candidate[] = [];

  constructor({ text, starts, counts, characters }: Corpus, maxLength: number) {
    this.texts = ['', ...characters];
    this.#lengths = this.texts.map(character => (character === '' ? 0 : 1));
    this.#scripts = this.texts.map(character => (character === '' ? -1 : scriptOf(character)));
    this.#maxLength = maxLength;
    this.#text = text.slice();
    this.#spans = new Uint8Array(text.length).fill(1);
    this.#weights = new Float64Array(text.length);
    for (let word = 0; word < counts.length; word++)
      this.#weights.fill(counts[word]!, starts[word]!, starts[word + 1]!);
    for (let place = 0; place + 1 < text.length; place++) this.#see(place, place + 1);
    for (let pair = 0; pair < this.#pairs.count; pair++) this.#enqueue(pair);
  }

  /**
   * Joins the most frequent pair everywhere; returns the new symbol's text, or undefined when no pair is
   * left.
   */
  next(): string | undefined {
    for (;;) {
      const top = this.#dequeue();
      if (top === undefined) return undefined;
      const frequency = this.#pairs.frequencies[top.pair]!;
      if (frequency !== top.frequency) {
        if (frequency > 0) this.#enqueue(top.pair);
        continue;
      }
      const text = this.#textOf(top.pair);
      // No other pair has this text: the characters of a piece decide how it is joined.
      this.#join(top.pair, this.#addSymbol(top.pair, text));
      return text;
    }
  }

  #addSymbol(pair: number, text: string): number {
    const [left, right] = [this.#pairs.lefts[pair]!, this.#pairs.rights[pair]!];
    this.#lengths.push(this.#lengths[left]! + this.#lengths[right]!);
    this.#scripts.push(joinedScript(this.#scripts[left]!, this.#scripts[right]!));
    return this.texts.push(text) - 1;
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
    this.#pairs.frequencies[pair] = 0;
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
    return (
      left > 0 &&
      right > 0 &&
      this.#lengths[left]! + this.#lengths[right]! <= this.#maxLength &&
      joinedScript(this.#scripts[left]!, this.#scripts[right]!) >= 0
    );
  }

  #textOf(pair: number): string {
    return this.texts[this.#pairs.lefts[pair]!]! + this.texts[this.#pairs.rights[pair]!]!;
  }

  /** The more frequent first; of equals the shorter, then the lesser text, as in the original. */
  #precedes(a: Candidate, b: Candidate): boolean {
    if (a.frequency !== b.frequency) return a.frequency > b.frequency;
    const length = ({ pair }: Candidate) =>
      this.#lengths[this.#pairs.lefts[pair]!]! + this.#lengths[this.#pairs.rights[pair]!]!;
    const difference = length(a) - length(b);
    return difference !== 0 ? difference < 0 : this.#textOf(a.pair) < this.#textOf(b.pair);
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
