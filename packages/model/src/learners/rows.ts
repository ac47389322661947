/** Rows of prefix-LM batches, as learners need them: some of them, what tells them apart, and with one another's images. */
import { hashIntegers, hashText, type PrefixLmBatch } from '@simvlm/core';

/** These rows of a batch, as a batch. */
export function selectRows(batch: PrefixLmBatch, rows: readonly number[]): PrefixLmBatch {
  const { length, tokens, prefixLengths, textLengths, images, ids } = batch;
  return {
    size: rows.length,
    length,
    tokens: selected(tokens, length, rows),
    prefixLengths: selected(prefixLengths, 1, rows),
    textLengths: selected(textLengths, 1, rows),
    ...(images && withImagesOf(images, rows)),
    ids: rows.map(row => ids[row]!),
  };
}

/** A hash over ids, tokens and prefix lengths. `start`: the hash of what comes before. */
export function hashRows({ tokens, prefixLengths, ids }: PrefixLmBatch, start?: number): number {
  return hashText(ids.join('\n'), hashIntegers(prefixLengths, hashIntegers(tokens, start)));
}

/**
 * The same rows, each with the image of the row half a batch on: neighbours may be captions of one picture. Undefined where there are no
 * images, or one row alone.
 */
export function withExchangedImages(batch: PrefixLmBatch): PrefixLmBatch | undefined {
  const { images, size } = batch;
  if (!images || size < 2) return undefined;
  const others = Array.from({ length: size }, (_, row) => (row + Math.floor(size / 2)) % size);
  return { ...batch, ...withImagesOf(images, others) };
}

function withImagesOf(
  { side, pixels }: NonNullable<PrefixLmBatch['images']>,
  rows: readonly number[],
): Pick<Required<PrefixLmBatch>, 'images'> {
  return { images: { side, pixels: selected(pixels, side * side * 3, rows) } };
}

/** Rows of `width` numbers each. */
function selected<A extends Int32Array | Uint8Array>(data: A, width: number, rows: readonly number[]): A {
  const result = new (data.constructor as new (length: number) => A)(rows.length * width);
  for (const [i, row] of rows.entries()) result.set(data.subarray(row * width, (row + 1) * width), i * width);
  return result;
}
