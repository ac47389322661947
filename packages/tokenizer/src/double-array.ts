/**
 * A trie over bytes in one array of 32-bit units, in the layout of Darts-clone, which is how the maps inside
 * `.model` files are stored: they are used where they lie, and the vocabulary's own trie has the same form.
 *
 * ```
 * unit of an edge    0 ooooooooooooooooooooo e l cccccccc    o offset · e: offset counts 256s · l: a key ends here · c the byte
 * unit of a value    1 vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv
 * ```
 *
 * From the node at `p` whose unit has offset o, the byte c leads to the unit at `p ^ o ^ c`, if that unit
 * carries c; a key that ends at `p` has its value at `p ^ o`.
 */
export type DoubleArray = Int32Array;

/**
 * Of a unit: the byte of an edge. A unit that holds a value has its highest bit set and so equals no byte.
 */
export const LABEL = 0x800000ff | 0;
/** Of a unit: a key ends here. */
export const HAS_VALUE = 0x100;
/** Of a unit with a value. */
export const VALUE = 0x7fffffff;

/** Where the children of a node lie, exclusive-or its own place. */
export function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

/** The place of the root's children: a walk begins here. */
export function rootOf(units: DoubleArray): number {
  return offsetOf(units[0]!);
}

/**
 * One step of a walk: from a place of children by a byte to the next place of children, or −1. The value, if
 * a key ends here, is `valueAt(units, place before, byte)`.
 */
export function step(units: DoubleArray, place: number, byte: number): number {
  const next = place ^ byte;
  const unit = units[next]!;
  return (unit & LABEL) === byte && byte !== 0 ? next ^ offsetOf(unit) : -1;
}

/** The value of the key that ends with this step, or −1. */
export function valueAt(units: DoubleArray, place: number, byte: number): number {
  const next = place ^ byte;
  const unit = units[next]!;
  if ((unit & LABEL) !== byte || byte === 0 || (unit & HAS_VALUE) === 0) return -1;
  return units[next ^ offsetOf(unit)]! & VALUE;
}

/** Many steps: from `place` along `bytes[from … to)`; −1 where there is no way, or when `place` is −1. */
export function walk(units: DoubleArray, place: number, bytes: Uint8Array, from: number, to: number): number {
  let at = place;
  for (let i = from; i < to && at >= 0; i++) at = step(units, at, bytes[i]!);
  return at;
}

/** How many bytes the longest key has that stands at `at`; 0 for none. */
export function longestMatch(units: DoubleArray, bytes: Uint8Array, at: number, end: number): number {
  let length = 0;
  let place = rootOf(units);
  for (let i = at; i < end && place >= 0; i++) {
    if (valueAt(units, place, bytes[i]!) >= 0) length = i + 1 - at;
    place = step(units, place, bytes[i]!);
  }
  return length;
}
