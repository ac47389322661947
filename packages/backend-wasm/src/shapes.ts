/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

/** Elements between neighbours along each axis of a row-major array, the last axis included. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** Strides of `shape` broadcast to `out`: 0 along the axes that repeat. */
export function broadcastStrides(shape: readonly number[], out: readonly number[]): number[] {
  const own = stridesOf(shape);
  const missing = out.length - shape.length;
  return out.map((_, i) => (i < missing || shape[i - missing] === 1 ? 0 : own[i - missing]!));
}

/** Axes of a loop nest with the strides of each array that it walks over. */
export interface Nest {
  readonly sizes: number[];
  readonly strides: number[][];
}

/** The same walk with as few axes as possible: axes of size 1 go, neighbours that every array passes evenly merge. */
export function collapse(sizes: readonly number[], strides: readonly (readonly number[])[]): Nest {
  const outSizes: number[] = [];
  const out = strides.map(() => [] as number[]);
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i]!;
    if (size === 1) continue;
    const last = outSizes.length - 1;
    if (last >= 0 && strides.every((s, array) => out[array]![last] === s[i]! * size)) {
      outSizes[last]! *= size;
      for (let array = 0; array < strides.length; array++) out[array]![last] = strides[array]![i]!;
    } else {
      outSizes.push(size);
      for (let array = 0; array < strides.length; array++) out[array]!.push(strides[array]![i]!);
    }
  }
  return { sizes: outSizes, strides: out };
}

/** `list` with `value` put before it until it has `length` entries. */
export function padFront(list: readonly number[], length: number, value: number): number[] {
  return [...new Array<number>(length - list.length).fill(value), ...list];
}
