import { DataError, type PrefixLmBatch, type RgbImage, ShapeError, type Tokenizer } from '@simvlm/core';

/** A row before it is collated. */
export interface Row {
  readonly id: string;
  /** The text's tokens, the end token included. */
  readonly tokens: Int32Array;
  /** Text tokens in the prefix, 0 to tokens.length − 1. */
  readonly prefixLength: number;
  /** Present in all rows of a batch or in none. */
  readonly image?: RgbImage;
}

/**
 * The tokens of a text with the end token; a text that is too long loses its tail, never its end token.
 *
 * @throws DataError CAPTION_EMPTY for a text of nothing but white space
 */
export function textTokens(text: string, tokenizer: Tokenizer, maxTextLength: number): Int32Array {
  if (text.trim() === '') throw new DataError('CAPTION_EMPTY', 'the caption is empty');
  const ids = tokenizer.encode(text).subarray(0, maxTextLength - 1);
  const tokens = new Int32Array(ids.length + 1);
  tokens.set(ids);
  tokens[ids.length] = tokenizer.special.eos;
  return tokens;
}

/**
 * Rows of one kind as a batch of static shape.
 *
 * @param length T; default: the longest row
 * @throws ShapeError when only some rows have an image, images differ in size, or a row does not fit
 */
export function collate(
  rows: readonly Row[],
  { pad, length }: { pad: number; length?: number },
): PrefixLmBatch {
  const first = rows[0];
  if (!first) throw new ShapeError('collate: a batch needs rows');
  const width = length ?? Math.max(...rows.map(({ tokens }) => tokens.length));
  const tokens = new Int32Array(rows.length * width).fill(pad);
  const side = first.image?.width ?? 0;
  const pixels = new Uint8Array(rows.length * side * side * 3);
  for (const [b, row] of rows.entries()) {
    if (row.tokens.length > width)
      throw new ShapeError(`collate: row "${row.id}" has ${row.tokens.length} tokens, the batch ${width}`);
    tokens.set(row.tokens, b * width);
    if ((row.image === undefined) !== (first.image === undefined))
      throw new ShapeError('collate: either all rows have an image or none');
    if (row.image) writePixels(row.image, side, pixels, b);
  }
  return {
    size: rows.length,
    length: width,
    tokens,
    prefixLengths: Int32Array.from(rows, ({ prefixLength }) => prefixLength),
    textLengths: Int32Array.from(rows, row => row.tokens.length),
    ...(first.image && { images: { side, pixels } }),
    ids: rows.map(({ id }) => id),
  };
}

/** Square images of one size as `uint8[B, S, S, 3]`. @throws ShapeError when they are not */
export function imagePixels(images: readonly RgbImage[]): Uint8Array {
  const side = images[0]?.width ?? 0;
  const pixels = new Uint8Array(images.length * side * side * 3);
  for (const [b, image] of images.entries()) writePixels(image, side, pixels, b);
  return pixels;
}

function writePixels({ width, height, data }: RgbImage, side: number, pixels: Uint8Array, row: number): void {
  if (width !== side || height !== side || data.length !== side * side * 3) {
    throw new ShapeError(`collate: images must all be ${side} × ${side}, got ${width} × ${height}`);
  }
  pixels.set(data, row * data.length);
}
