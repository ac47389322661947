import { philox4x32 } from './philox';

/** Where a `Random` stands: JSON, exact. */
export type RandomState = { key: [number, number]; position: number };

/** Constant words of the counter that keep drawing and forking apart. */
const DRAW = 0;
const FORK = 1;

/**
 * Seeded random numbers, the same on every machine and backend: Philox-4x32-10 over a counter.
 *
 * `fork(label)` gives an independent stream that depends on this stream's key and the label alone, not on
 * how many numbers were drawn before, so that each use of randomness can have its own stream by name.
 */
export class Random {
  readonly #key: [number, number];
  /** How many 32-bit words were drawn; the counter is `position / 4`. */
  #position: number;
  readonly #block = new Uint32Array(4);
  #blockIndex = -1;

  private constructor(key: [number, number], position: number) {
    this.#key = key;
    this.#position = position;
  }

  /** @param seed an integer in [0, 2^53) */
  static fromSeed(seed: number): Random {
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new RangeError(`seed must be an integer in [0, 2^53), got ${seed}`);
    return new Random([seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0], 0);
  }

  /** A stream that goes on exactly where `state()` was taken. */
  static restore(state: RandomState): Random {
    return new Random([state.key[0] >>> 0, state.key[1] >>> 0], state.position);
  }

  state(): RandomState {
    return { key: [...this.#key], position: this.#position };
  }

  /** An independent stream named by `label`; drawing from either never changes the other. */
  fork(label: string | number): Random {
    const out = new Uint32Array(4);
    let key = this.#key;
    const text = typeof label === 'number' ? `#${label}` : label;
    // The label is absorbed six bytes a block, with its length, so that no two labels share a counter sequence.
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at === 0 || at < bytes.length; at += 6) {
      const word = (offset: number) =>
        (bytes[at + offset] ?? 0) |
        ((bytes[at + offset + 1] ?? 0) << 8) |
        ((bytes[at + offset + 2] ?? 0) << 16);
      philox4x32(out, [word(0), word(3), (bytes.length - at) >>> 0, FORK], key);
      key = [out[0]!, out[1]!];
    }
    return new Random(key, 0);
  }

  /** A uniform integer in [0, 2^32). */
  uint32(): number {
    const index = Math.floor(this.#position / 4);
    if (index !== this.#blockIndex) {
      philox4x32(this.#block, [index >>> 0, Math.floor(index / 2 ** 32) >>> 0, 0, DRAW], this.#key);
      this.#blockIndex = index;
    }
    return this.#block[this.#position++ % 4]!;
  }

  /** A uniform number in [0, 1), a multiple of 2^−53. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A uniform integer in [0, n), without modulo bias; 1 ≤ n ≤ 2^32. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32)
      throw new RangeError(`n must be an integer in [1, 2^32], got ${n}`);
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const draw = this.uint32();
      if (draw < limit) return draw % n;
    }
  }

  /** A standard normal number (Box and Muller's transform; two uniforms a number). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A standard normal number drawn again until it lies within ±`bound`. */
  truncatedNormal(bound = 2): number {
    for (;;) {
      const draw = this.normal();
      if (Math.abs(draw) <= bound) return draw;
    }
  }

  /** A uniform permutation of 0 … n − 1 (Fisher and Yates). */
  permutation(n: number): Uint32Array {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    return order;
  }

  /** One element of a non-empty list. */
  pick<T>(list: readonly T[]): T {
    return list[this.integer(list.length)]!;
  }
}
