/**
 * Where the numbers of one of our tensors stand in a tensor of theirs. Both are row-major; number (i, j, …) of ours, read with the extents
 * given, is number `offset + i·strides[0] + j·strides[1] + …` of theirs. That is enough for all that others do differently: weights that
 * stand the other way round, filters in another order, three matrices in one. It works in both directions.
 */
export interface View {
  readonly extents: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Numbers of a tensor of ours. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** All numbers in the same order, from `offset` on. */
export function inOrder(count: number, offset = 0): View {
  return { extents: [count], strides: [1], offset };
}

/** Theirs is `[O, I]`, ours `[I, O]`; `offset` is where theirs begins within a larger one. */
export function transposed(inputs: number, outputs: number, offset = 0): View {
  return { extents: [inputs, outputs], strides: [1, inputs], offset };
}

/** Ours is columns `from` to `from + width` of theirs, which has `columns`. */
export function columnsOf(rows: number, columns: number, from: number, width: number): View {
  return { extents: [rows, width], strides: [columns, 1], offset: from };
}

/** Theirs are filters `[O, 3, P, P]` over channel, row and column; ours `[P·P·3, O]` over row, column and channel. */
export function filters(patch: number, outputs: number): View {
  const plane = patch * patch;
  return { extents: [patch, patch, 3, outputs], strides: [patch, 1, plane, 3 * plane], offset: 0 };
}

/** Whether ours is a part of theirs as it stands. */
export function isInOrder({ extents, strides }: View): boolean {
  return extents.length === 1 && strides[0] === 1;
}

/** The last number of theirs that ours has, and one. */
export function endOf({ extents, strides, offset }: View): number {
  return extents.reduce((last, extent, i) => last + (extent - 1) * strides[i]!, offset) + 1;
}

/** Numbers of ours, from theirs; `theirs` begins with number `begin`. */
export function gather(theirs: Float32Array, begin: number, view: View): Float32Array {
  const ours = new Float32Array(countOf(view.extents));
  walk(view, (at, place) => {
    ours[at] = theirs[place - begin]!;
  });
  return ours;
}

/** Puts numbers of ours where they stand in theirs. */
export function scatter(ours: Float32Array, view: View, theirs: Float32Array): void {
  walk(view, (at, place) => {
    theirs[place] = ours[at]!;
  });
}

/** Each number of ours with its place in theirs. */
function walk({ extents, strides, offset }: View, visit: (at: number, place: number) => void): void {
  const last = extents.length - 1;
  const [extent, stride] = [extents[last]!, strides[last]!];
  const index = new Array<number>(last).fill(0);
  const rows = countOf(extents) / extent;
  for (let row = 0, at = 0; row < rows; row++) {
    let place = offset;
    for (let d = 0; d < last; d++) place += index[d]! * strides[d]!;
    for (let i = 0; i < extent; i++, place += stride) visit(at++, place);
    for (let d = last - 1; d >= 0; d--) {
      if (++index[d]! < extents[d]!) break;
      index[d] = 0;
    }
  }
}
