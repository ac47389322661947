import type { BatchSource, PrefixLmBatch, Share } from '@simvlm/core';

/**
 * The rows of one of several processes. Rows are dealt like cards, through all batches of a step: numbers of rows differ by one at most, and
 * batches of which a process gets no row are left out.
 *
 * ```
 * 5 pairs, 2 documents, 2 processes      pairs  0 1 0 1 0      documents  1 0
 * ```
 *
 * All processes read the whole, so that a run of any number of them is that of one with all rows.
 */
export function dealt<B>(
  source: BatchSource<B>,
  { rank, size }: Share,
  { rows, select }: { rows(batch: B): number; select(batch: B, rows: readonly number[]): B },
): BatchSource<B> {
  return {
    ...source,
    share: { rank, size },
    async next() {
      const own: B[] = [];
      let count = 0;
      for (const batch of await source.next()) {
        const chosen: number[] = [];
        for (let row = 0; row < rows(batch); row++) if (count++ % size === rank) chosen.push(row);
        if (chosen.length > 0) own.push(select(batch, chosen));
      }
      return own;
    },
    restore: ([first]) => source.restore([first!]),
  };
}

export const prefixLmRows = {
  rows: ({ size }: PrefixLmBatch) => size,
  select(
    { length, tokens, prefixLengths, textLengths, images, ids }: PrefixLmBatch,
    rows: readonly number[],
  ) {
    const some = <A extends Int32Array | Uint8Array>(data: A, width: number) => {
      const chosen = data.slice(0, rows.length * width) as A;
      for (const [i, row] of rows.entries())
        chosen.set(data.subarray(row * width, (row + 1) * width), i * width);
      return chosen;
    };
    return {
      ...{ size: rows.length, length, tokens: some(tokens, length), ids: rows.map(row => ids[row]!) },
      ...{ prefixLengths: some(prefixLengths, 1), textLengths: some(textLengths, 1) },
      ...(images && {
        images: { side: images.side, pixels: some(images.pixels, 3 * images.side ** 2) },
      }),
    };
  },
};
