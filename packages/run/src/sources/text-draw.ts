import type { Random } from '@simvlm/core';

/** Different texts drawn evenly from however many, a limited number of which are in memory at a time (Vitter's algorithm R). */
export class TextDraw {
  readonly #texts: string[] = [];
  readonly #known = new Set<string>();
  #seen = 0;

  /** @param most texts that are kept */
  constructor(
    private readonly most: number,
    private readonly random: Random,
  ) {}

  /** A text that is among those that are kept changes nothing. */
  add(text: string): void {
    if (text.trim() === '' || this.#known.has(text)) return;
    this.#seen++;
    if (this.#texts.length < this.most) {
      this.#texts.push(text);
      this.#known.add(text);
      return;
    }
    const place = this.random.integer(this.#seen);
    if (place >= this.most) return;
    this.#known.delete(this.#texts[place]!);
    this.#texts[place] = text;
    this.#known.add(text);
  }

  /** Those that are kept: all there were, where they are not too many. */
  get texts(): readonly string[] {
    return this.#texts;
  }
}
