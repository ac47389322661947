import type { Initializer, ParameterDtype } from './contracts';
import { ConfigError, ShapeError } from './errors';

const NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** Named values in a fixed order: `encoder.0.norm1.gamma` → a tensor, a gradient, a moment. */
export class ParameterTree<T> implements Iterable<[string, T]> {
  readonly #values = new Map<string, T>();

  static from<T>(entries: Iterable<readonly [string, T]>): ParameterTree<T> {
    const tree = new ParameterTree<T>();
    for (const [name, value] of entries) tree.add(name, value);
    return tree;
  }

  get size(): number {
    return this.#values.size;
  }

  /** @throws ConfigError when the name is taken or not a dotted name */
  add(name: string, value: T): this {
    if (!NAME.test(name))
      throw new ConfigError(
        'CONFIG_INVALID',
        `"${name}" is not a parameter name; use dotted names such as encoder.0.norm1.gamma`,
      );
    if (this.#values.has(name))
      throw new ConfigError('CONFIG_INVALID', `parameter "${name}" is declared twice`);
    this.#values.set(name, value);
    return this;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** @throws ShapeError when there is no such parameter */
  get(name: string): T {
    const value = this.#values.get(name);
    if (value === undefined)
      throw new ShapeError(
        `no parameter "${name}"; there are ${this.size}, the first is "${this.names()[0] ?? ''}"`,
      );
    return value;
  }

  names(): string[] {
    return [...this.#values.keys()];
  }

  values(): T[] {
    return [...this.#values.values()];
  }

  /** The same names in the same order with new values. */
  map<U>(change: (value: T, name: string) => U): ParameterTree<U> {
    const tree = new ParameterTree<U>();
    for (const [name, value] of this) tree.add(name, change(value, name));
    return tree;
  }

  /** The part whose names satisfy `keep`, in the same order. */
  filter(keep: (name: string, value: T) => boolean): ParameterTree<T> {
    return ParameterTree.from([...this].filter(([name, value]) => keep(name, value)));
  }

  [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.#values.entries();
  }
}

/** A parameter before it exists. */
export interface ParameterSpec {
  readonly shape: readonly number[];
  readonly init: Initializer;
  readonly dtype: ParameterDtype;
}

/** How many numbers a tree of specifications (or tensors) holds. */
export function parameterCount(tree: ParameterTree<{ readonly shape: readonly number[] }>): number {
  let count = 0;
  for (const [, { shape }] of tree) count += shape.reduce((product, extent) => product * extent, 1);
  return count;
}
