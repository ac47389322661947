import { type Feeds, type HostArray, type PrefixLmBatch, type Random, ShapeError } from '@simvlm/core';
import type { SimVlmConfig } from '../config';
import { inputArrays } from '../input';
import { layout, type Padding, readsPrefix } from '../layout';

/** Where the decoder's output is taken. */
export interface ClassifierPlace {
  /** For each row the number of a text token, behind the prefix and before the end token: default the last of them. */
  readonly tokens?: Int32Array;
}

export interface ClassifierInput extends ClassifierPlace {
  /** Default `short`. */
  readonly padding?: Padding;
  /** What the rows draw from, where something is dropped; each pass has a stream of its own. */
  readonly random?: Random;
}

/**
 * The numbers that a classifier reads: of each pass those of its batch, and `places` `int32[B]`, where in `[B · L]` the output of each row is.
 *
 * @returns by names such as `0.inputs`
 * @throws ShapeError when batches, rows or tokens do not fit
 */
export function passArrays(
  batches: readonly PrefixLmBatch[],
  passes: number,
  config: SimVlmConfig,
  { tokens, padding, random }: ClassifierInput,
): Feeds {
  const rows = batches[0]?.size;
  if (batches.length !== passes || batches.some(({ size }) => size !== rows))
    throw new ShapeError(
      `classifier: ${passes} batches of equally many rows are needed, got ${batches.map(({ size }) => size).join(', ') || 'none'}`,
    );
  const arrays: Record<string, HostArray> = {};
  for (const [pass, batch] of batches.entries()) {
    const plan = layout(batch, config, padding);
    const places = placesOf(batch, tokens, readsPrefix(config) !== 'decoder');
    const values = places.map((place, row) => row * plan.length + place);
    const own = inputArrays(plan, batch, random?.fork(pass));
    for (const [name, array] of Object.entries(own)) arrays[`${pass}.${name}`] = array;
    arrays[`${pass}.places`] = { shape: [batch.size], values };
  }
  return arrays;
}

/** The places of the decoder that read the tokens. What it reads first is the start token. */
function placesOf(
  { size, prefixLengths, textLengths }: PrefixLmBatch,
  tokens: Int32Array | undefined,
  behindPrefix: boolean,
): Int32Array {
  if (tokens && tokens.length !== size)
    throw new ShapeError(`classifier: ${size} rows need as many tokens, got ${tokens.length}`);
  return Int32Array.from({ length: size }, (_, row) => {
    const from = behindPrefix ? prefixLengths[row]! : 0;
    // Without a token of its own (all of the text is prefix) the row has the start token, at place 0.
    const last = textLengths[row]! - 2;
    const token = tokens?.[row] ?? last;
    if (tokens && (token < from || token > last))
      throw new ShapeError(
        `classifier: row ${row} has text tokens ${from} to ${last} in the decoder, and not ${token}`,
      );
    return token - from + 1;
  });
}
