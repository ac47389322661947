import { type DoubleArray, HAS_VALUE } from './double-array';

/** A place that nothing uses: looks like a value, so no byte leads here. */
const UNUSED = 0x80000000 | 0;
/**
 * Children are sought in the last 16 blocks of 256 units only: what is free further back fits hardly
 * anything.
 */
const SEARCHED = 16 * 256;
/** What is known of a place in the searched blocks is noted at `place & NOTED`. */
const NOTED = SEARCHED - 1;
/** Offsets from here on must be multiples of 256. */
const FAR = 2 ** 21;

/**
 * Knows nodes by what is below them. A node is given as the range of the keys that lead to it and their bytes
 * up to there.
 */
export interface NodeRegister {
  /** The base of the children of a node below which all is as below this one. */
  find(begin: number, end: number, depth: number): number | undefined;
  add(begin: number, end: number, depth: number, base: number): void;
}

/**
 * Builds a double array.
 *
 * @param keys without byte 0, not empty, all different, in ascending order of their bytes
 * @param values of the keys, in [0, 2^31)
 * @param shared lets nodes below which all is alike have the same children
 */
export function buildDoubleArray(
  keys: readonly Uint8Array[],
  values: ArrayLike<number>,
  shared?: NodeRegister,
): DoubleArray {
  const array = new Places();
  // Nodes to be given children, as ranges of keys that share their first `depth` bytes; a stack, as keys may
  // be very long.
  const stack = [0, 0, keys.length, 0];
  const labels: number[] = [];
  const starts: number[] = [];
  while (stack.length > 0) {
    const node = stack.pop()!;
    const end = stack.pop()!;
    const begin = stack.pop()!;
    const depth = stack.pop()!;
    labels.length = 0;
    starts.length = 0;
    for (let i = begin; i < end; i++) {
      const key = keys[i]!;
      const label = key.length === depth ? 0 : key[depth]!;
      if (labels.length === 0 || labels[labels.length - 1] !== label) {
        labels.push(label);
        starts.push(i);
      }
    }
    if (labels.length === 0) continue;
    const known = shared?.find(begin, end, depth);
    if (known !== undefined && array.share(node, known, labels)) continue;
    const base = array.claim(node, labels);
    shared?.add(begin, end, depth, base);
    starts.push(end);
    for (let i = labels.length - 1; i >= 0; i--) {
      const place = base ^ labels[i]!;
      if (labels[i] === 0) array.units[place] = values[starts[i]!]! | UNUSED;
      else {
        array.units[place] = labels[i]!;
        stack.push(depth + 1, starts[i]!, starts[i + 1]!, place);
      }
    }
  }
  return array.finish();
}

/**
 * The array while it grows: which of the searched places are free, as a doubly linked ring, and which bases are taken. What is noted of
 * a place is forgotten when its block is no longer searched, so that only the units grow with the keys.
 */
class Places {
  units: Int32Array<ArrayBuffer> = new Int32Array(0);
  readonly #next = new Int32Array(SEARCHED).fill(-1);
  readonly #previous = new Int32Array(SEARCHED).fill(-1);
  readonly #taken = new Uint8Array(SEARCHED);
  readonly #isBase = new Uint8Array(SEARCHED);
  #size = 0;
  /** A free place, or −1. */
  #free = -1;

  constructor() {
    this.#addBlock();
    this.#take(0);
    this.units[0] = 0;
    // With children at base 0 the root, whose label is 0, would be its own child by byte 0 to Darts-clone.
    this.#isBase[0] = 1;
  }

  /**
   * Finds room for the children of `node`, takes it and writes where it is into the node's unit; returns the
   * base.
   */
  claim(node: number, labels: readonly number[]): number {
    const base = this.#find(node, labels);
    this.#isBase[base & NOTED] = 1;
    for (const label of labels) this.#take(base ^ label);
    this.#point(node, base, labels);
    return base;
  }

  /** Lets `node` have the children that another node has; false where they are too far away. */
  share(node: number, base: number, labels: readonly number[]): boolean {
    if (!reaches(node, base)) return false;
    this.#point(node, base, labels);
    return true;
  }

  finish(): DoubleArray {
    return this.units.slice(0, this.#size);
  }

  #find(node: number, labels: readonly number[]): number {
    for (;;) {
      let place = this.#free;
      if (place >= 0)
        do {
          const base = place ^ labels[0]!;
          if (this.#fits(base, node, labels)) return base;
          place = this.#next[place & NOTED]!;
        } while (place !== this.#free);
      this.#addBlock();
      // The new block is empty, but a far node takes only the base that shares its lowest byte.
      const base = (this.#size - 256) | (node & 0xff);
      if (this.#fits(base, node, labels)) return base;
    }
  }

  #fits(base: number, node: number, labels: readonly number[]): boolean {
    if (this.#isBase[base & NOTED] === 1) return false;
    if (!reaches(node, base)) return false;
    for (const label of labels) if (this.#taken[(base ^ label) & NOTED] === 1) return false;
    return true;
  }

  #point(node: number, base: number, labels: readonly number[]): void {
    const offset = node ^ base;
    const encoded = offset < FAR ? offset << 10 : (offset << 2) | 0x200;
    this.units[node]! |= encoded | (labels[0] === 0 ? HAS_VALUE : 0);
  }

  #take(place: number): void {
    this.#taken[place & NOTED] = 1;
    this.#unlink(place);
  }

  #unlink(place: number): void {
    const next = this.#next[place & NOTED]!;
    const previous = this.#previous[place & NOTED]!;
    if (next < 0) return;
    this.#next[previous & NOTED] = next;
    this.#previous[next & NOTED] = previous;
    if (this.#free === place) this.#free = next === place ? -1 : next;
    this.#next[place & NOTED] = -1;
  }

  #addBlock(): void {
    const begin = this.#size;
    this.#size += 256;
    if (this.#size > this.units.length) this.#grow(Math.max(1024, Math.ceil(this.#size * 1.5)));
    this.units.fill(UNUSED, begin, this.#size);
    for (let place = begin - SEARCHED, end = place + 256; place >= 0 && place < end; place++)
      this.#unlink(place);
    const at = begin & NOTED;
    this.#taken.fill(0, at, at + 256);
    this.#isBase.fill(0, at, at + 256);
    for (let place = begin; place < this.#size; place++) this.#link(place);
  }

  /** Puts a place behind the last of the ring, which stands before the first. */
  #link(place: number): void {
    if (this.#free < 0) {
      this.#free = this.#next[place & NOTED] = this.#previous[place & NOTED] = place;
      return;
    }
    const last = this.#previous[this.#free & NOTED]!;
    this.#next[last & NOTED] = place;
    this.#previous[place & NOTED] = last;
    this.#next[place & NOTED] = this.#free;
    this.#previous[this.#free & NOTED] = place;
  }

  #grow(capacity: number): void {
    const units = new Int32Array(capacity);
    units.set(this.units);
    this.units = units;
  }
}

function reaches(node: number, base: number): boolean {
  const offset = node ^ base;
  return offset < FAR || (offset & 0xff) === 0;
}
