import type { NodeRegister } from '../double-array-builder';

/**
 * Nodes by what is below them: the endings of their keys, with the values. Sharing children, as Darts-clone
 * does, makes the map of a normaliser, in which many sources have one replacement, a tenth as long; where all
 * values differ it only costs time.
 */
export class SharedNodes implements NodeRegister {
  readonly #keys: readonly Uint8Array[];
  readonly #values: ArrayLike<number>;
  readonly #nodes = new Map<number, { begin: number; end: number; depth: number; base: number }>();

  constructor(keys: readonly Uint8Array[], values: ArrayLike<number>) {
    this.#keys = keys;
    this.#values = values;
  }

  find(begin: number, end: number, depth: number): number | undefined {
    const known = this.#nodes.get(this.#hash(begin, end, depth));
    if (known === undefined || known.end - known.begin !== end - begin) return undefined;
    for (let i = 0; i < end - begin; i++) {
      const [a, b] = [this.#keys[begin + i]!, this.#keys[known.begin + i]!];
      if (a.length - depth !== b.length - known.depth) return undefined;
      if (this.#values[begin + i] !== this.#values[known.begin + i]) return undefined;
      for (let k = depth, j = known.depth; k < a.length; k++, j++) if (a[k] !== b[j]) return undefined;
    }
    return known.base;
  }

  add(begin: number, end: number, depth: number, base: number): void {
    this.#nodes.set(this.#hash(begin, end, depth), { begin, end, depth, base });
  }

  #hash(begin: number, end: number, depth: number): number {
    let hash = 0;
    for (let i = begin; i < end; i++) {
      const key = this.#keys[i]!;
      for (let at = depth; at < key.length; at++) hash = mix(hash, key[at]!);
      hash = mix(mix(hash, 0), this.#values[i]!);
    }
    return hash;
  }
}

function mix(hash: number, value: number): number {
  return Math.imul(hash ^ value ^ (hash >>> 15), 0x9e3779b1);
}
