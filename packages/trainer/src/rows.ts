import type { PrefixLmBatch, ProcessGroup } from '@simvlm/core';

/** One of several processes. */
export type Share = Pick<ProcessGroup, 'rank' | 'size'>;

/**
 * The rows of a step that one of several processes computes. Rows are dealt like cards, through all parts: every row goes to one
 * process, numbers of rows differ by one at most, and where rows are sorted by length (`lengthGroups`) each process gets short
 * and long ones. Parts of which it gets no row are left out.
 *
 * ```
 * 5 pairs, 2 documents, 2 processes      pairs  0 1 0 1 0      documents  1 0
 * ```
 */
export function ownRows(parts: readonly PrefixLmBatch[], { rank, size }: Share): PrefixLmBatch[] {
  const own: PrefixLmBatch[] = [];
  let dealt = 0;
  for (const part of parts) {
    const rows: number[] = [];
    for (let row = 0; row < part.size; row++) if (dealt++ % size === rank) rows.push(row);
    if (rows.length > 0) own.push(selected(part, rows));
  }
  return own;
}

function selected(batch: PrefixLmBatch, rows: readonly number[]): PrefixLmBatch {
  const { length, tokens, prefixLengths, textLengths, images, ids } = batch;
  return {
    size: rows.length,
    length,
    tokens: selectedRows(tokens, length, rows),
    prefixLengths: selectedRows(prefixLengths, 1, rows),
    textLengths: selectedRows(textLengths, 1, rows),
    ...(images && {
      images: { side: images.side, pixels: selectedRows(images.pixels, images.side * images.side * 3, rows) },
    }),
    ids: rows.map(row => ids[row]!),
  };
}

function selectedRows<A extends Int32Array | Float32Array>(
  data: A,
  width: number,
  rows: readonly number[],
): A {
  const result = new (data.constructor as new (length: number) => A)(rows.length * width);
  for (const [i, row] of rows.entries()) result.set(data.subarray(row * width, (row + 1) * width), i * width);
  return result;
}
