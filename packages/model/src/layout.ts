import { type PrefixLmBatch, ShapeError } from '@simvlm/core';
import type { SimVlmConfig } from './config';

/**
 * A batch as the Transformer reads it: plain integers, made on the host.
 * `B` rows, `P` text-prefix tokens in the encoder, `L` decoder places.
 *
 * Encoder-decoder, text `a b c d <eos>`, prefix 2:
 * ```
 * encoder  [image … ; a b]
 * decoder  inputs    <bos>  c   d          positions  2 3 4
 *          targets     c    d <eos>        weights    1 1 1
 * ```
 * Decoder-only, the same text and prefix; without its image also the decoder of the encoder-decoder whose `encoder.kind` is `none`:
 * ```
 * stack    [image … ; <bos> a b c d]       positions  0 1 2 3 4
 *          targets      a  b c d <eos>     weights    0 0 1 1 1      prefix = image + <bos> a b
 * ```
 * `encoder.kind` `question`: the answer's positions are its own.
 * ```
 * encoder  [first a b last] looks at the image
 * decoder  inputs    <bos>  c   d          positions  0 1 2
 *          targets     c    d <eos>        weights    1 1 1
 * ```
 */
export interface Layout {
  /** `int32[B, P]`; empty for decoder-only and where no row has a text prefix. */
  readonly prefix: { readonly tokens: Int32Array; readonly length: number };
  /** `int32[B]`: text tokens in the encoder, or of the prefix where it has none. */
  readonly prefixLengths: Int32Array;
  /** L */
  readonly length: number;
  /** `int32[B, L]` */
  readonly inputs: Int32Array;
  /** `int32[B, L]`: text positions of what is predicted (encoder-decoder) or read (decoder-only). */
  readonly positions: Int32Array;
  /** `int32[B]`: decoder places that exist. */
  readonly lengths: Int32Array;
  /** `int32[B, L]` */
  readonly targets: Int32Array;
  /** `float32[B, L]`: 1 where the loss is, else 0. */
  readonly weights: Float32Array;
  /** Σ weights: the number of loss tokens. */
  readonly lossTokens: number;
}

/** Lengths are rounded up to a multiple of this, so that there are few different shapes and little padding. */
const BUCKET = 4;

/** How long the rows become: as short as they may be, or always as long as the model's text, so that all batches have one shape. */
export type Padding = 'short' | 'full';

/**
 * @throws ShapeError when a length does not fit the batch, the model or the rule 0 ≤ prefix < text length
 */
export function layout(batch: PrefixLmBatch, config: SimVlmConfig, padding: Padding = 'short'): Layout {
  checkTexts(batch, config);
  checkImages(batch, config);
  return planned(batch, config, padding);
}

/** The same of texts whose images are read elsewhere. @throws ShapeError as `layout` */
export function textLayout(batch: PrefixLmBatch, config: SimVlmConfig): Layout {
  checkTexts(batch, config);
  return planned(batch, config, 'short');
}

/** Who reads the text prefix: the decoder as the beginning of its text, the joint encoder, or that of a question. */
export function readsPrefix({ architecture, encoder }: SimVlmConfig): 'decoder' | 'joint' | 'question' {
  const kind = architecture === 'decoder-only' ? 'none' : (encoder?.kind ?? 'joint');
  return kind === 'none' ? 'decoder' : kind;
}

/** The text position at which the decoder goes on from a prefix of `prefixLength` tokens. */
export function positionAfter(config: SimVlmConfig, prefixLength: number): number {
  return readsPrefix(config) === 'question' ? 0 : prefixLength;
}

function planned(batch: PrefixLmBatch, config: SimVlmConfig, padding: Padding): Layout {
  const padded = (length: number) =>
    padding === 'full' ? config.maxTextLength : bucket(length, config.maxTextLength);
  return readsPrefix(config) === 'decoder'
    ? prefixInDecoder(batch, config, padded)
    : prefixInEncoder(batch, config, padded);
}

/** How many places to make for so many tokens. */
type Padded = (length: number) => number;

function prefixInEncoder(batch: PrefixLmBatch, config: SimVlmConfig, padded: Padded): Layout {
  const { tokens: special, encoder } = config;
  const { size, prefixLengths, textLengths } = batch;
  const [before, after] = encoder?.kind === 'question' ? [[encoder.first], [encoder.last]] : [[], []];
  const encoded = prefixLengths.map(n => n + before.length + after.length);
  const longest = Math.max(...encoded);
  // Without image and prefix the encoder still needs one (hidden) token to have a shape.
  const length = longest === 0 && batch.images ? 0 : padded(Math.max(1, longest));
  const prefix = new Int32Array(size * length).fill(special.pad);
  const rows = places(batch, padded(Math.max(...textLengths.map((n, b) => n - prefixLengths[b]!))), special);
  for (let b = 0; b < size; b++) {
    const skip = prefixLengths[b]!;
    prefix.set([...before, ...rowTokens(batch, b).subarray(0, skip), ...after], b * length);
    const from = positionAfter(config, skip);
    rows.fill(b, special.bos, from, rowTokens(batch, b).subarray(skip), from);
  }
  return { prefix: { tokens: prefix, length }, prefixLengths: encoded, ...rows.finish() };
}

function prefixInDecoder(batch: PrefixLmBatch, { tokens: special }: SimVlmConfig, padded: Padded): Layout {
  const rows = places(batch, padded(Math.max(...batch.textLengths)), special);
  for (let b = 0; b < batch.size; b++)
    rows.fill(b, special.bos, 0, rowTokens(batch, b), batch.prefixLengths[b]!);
  return {
    prefix: { tokens: new Int32Array(0), length: 0 },
    prefixLengths: batch.prefixLengths,
    ...rows.finish(),
  };
}

/** The arrays of the decoder side, filled row by row. */
function places(batch: PrefixLmBatch, length: number, special: SimVlmConfig['tokens']) {
  const count = batch.size * length;
  const inputs = new Int32Array(count).fill(special.pad);
  const targets = new Int32Array(count).fill(special.pad);
  const positions = new Int32Array(count);
  const weights = new Float32Array(count);
  const lengths = new Int32Array(batch.size);
  let lossTokens = 0;
  return {
    /** Row b predicts `text`, which starts at position `from`; the loss begins at text position `lossFrom`. */
    fill(b: number, first: number, from: number, text: Int32Array, lossFrom: number) {
      lengths[b] = text.length;
      for (let i = 0; i < text.length; i++) {
        const at = b * length + i;
        inputs[at] = i === 0 ? first : text[i - 1]!;
        targets[at] = text[i]!;
        positions[at] = from + i;
        if (from + i >= lossFrom) {
          weights[at] = 1;
          lossTokens++;
        }
      }
    },
    finish: () => ({ length, inputs, targets, positions, weights, lengths, lossTokens }),
  };
}

function rowTokens(batch: PrefixLmBatch, row: number): Int32Array {
  return batch.tokens.subarray(row * batch.length, row * batch.length + batch.textLengths[row]!);
}

function bucket(length: number, limit: number): number {
  return Math.min(Math.ceil(length / BUCKET) * BUCKET, Math.max(limit, length));
}

function checkTexts(batch: PrefixLmBatch, config: SimVlmConfig): void {
  const { size, length, tokens, prefixLengths, textLengths } = batch;
  if (size < 1) throw new ShapeError('batch: it has no rows');
  if (tokens.length !== size * length || prefixLengths.length !== size || textLengths.length !== size) {
    throw new ShapeError(
      `batch: ${size} rows of ${length} tokens need ${size * length} tokens and ${size} lengths, got ${tokens.length}, ${prefixLengths.length} and ${textLengths.length}`,
    );
  }
  for (let b = 0; b < size; b++) {
    const [text, prefix] = [textLengths[b]!, prefixLengths[b]!];
    // A question has positions of its own.
    const most = Math.min(length, config.maxTextLength + prefix - positionAfter(config, prefix));
    if (text < 1 || text > most)
      throw new ShapeError(`batch row ${b}: ${text} text tokens; allowed are 1 to ${most}`);
    if (readsPrefix(config) === 'question' && prefix + 2 > config.maxTextLength) {
      throw new ShapeError(
        `batch row ${b}: a question of ${prefix} tokens, and one before and one after, are more than ${config.maxTextLength}`,
      );
    }
    if (prefix < 0 || prefix >= text) {
      throw new ShapeError(
        `batch row ${b}: a prefix of ${prefix} leaves nothing of ${text} text tokens to predict`,
      );
    }
  }
  for (const token of tokens) {
    if (token < 0 || token >= config.vocabSize)
      throw new ShapeError(`batch: token id ${token} is outside the vocabulary of ${config.vocabSize}`);
  }
}

function checkImages({ size, images }: PrefixLmBatch, { imageSize, encoder }: SimVlmConfig): void {
  if (!images) {
    if (encoder && encoder.kind !== 'joint')
      throw new ShapeError(
        `batch: this model (encoder "${encoder.kind}") reads an image with every text; text alone is for decoder-only and encoder "joint"`,
      );
    return;
  }
  const { side, pixels } = images;
  checkBytes('batch', pixels);
  if (side !== imageSize || pixels.length !== size * side * side * 3) {
    throw new ShapeError(
      `batch: images must be [${size}, ${imageSize}, ${imageSize}, 3], got side ${side} and ${pixels.length} numbers`,
    );
  }
}

/** Numbers of another range would be taken for almost black pictures. @throws ShapeError unless the pixels are bytes */
export function checkBytes(where: string, pixels: Uint8Array): void {
  if (!(pixels instanceof Uint8Array)) {
    const type = (pixels as object).constructor.name;
    throw new ShapeError(`${where}: images must be bytes, 0 to 255, in a Uint8Array; got ${type}`);
  }
}
