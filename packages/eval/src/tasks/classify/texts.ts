import { DataError, type Example, type ExampleOutline, type Tokenizer } from '@simvlm/core';
import { readsPrefix, type SimVlmConfig } from '@simvlm/model';

/** Fields whose texts a classifier reads; `text` is the example's own text. */
export interface ReadFields {
  /** Read by the decoder, at whose last token it is decided. */
  readonly reads?: string | undefined;
  /** Read before it: by the encoder, or as the prefix of a decoder alone. */
  readonly prefix?: string | undefined;
}

/** The texts of an example as tokens. */
export interface ReadTokens {
  /** Prefix, text and end token. */
  readonly tokens: Int32Array;
  readonly prefixLength: number;
  /** Tokens for which there was no room. */
  readonly cut: number;
}

/**
 * Reads the texts of examples. Where they are too long for the model, the longer one loses tokens from its end until both fit, or both are equally
 * long; then both do.
 */
export class TextReader {
  constructor(
    private readonly fields: ReadFields,
    private readonly tokenizer: Tokenizer,
    private readonly config: SimVlmConfig,
  ) {}

  /**
   * @param withoutPrefix something else takes the place of the prefix
   * @throws DataError for an example without a text in a field
   */
  read(example: ExampleOutline, withoutPrefix = false): ReadTokens {
    const { reads, prefix } = this.fields;
    const { eos } = this.tokenizer.special;
    const texts = [withoutPrefix ? undefined : prefix, reads].map(field =>
      field === undefined ? new Int32Array(0) : this.tokenizer.encode(textIn(example, field)),
    );
    const [before, text] = this.#cut(texts[0]!, texts[1]!);
    return {
      tokens: Int32Array.of(...before, ...text, eos),
      prefixLength: before.length,
      cut: texts[0]!.length + texts[1]!.length - before.length - text.length,
    };
  }

  #cut(before: Int32Array, text: Int32Array): [before: Int32Array, text: Int32Array] {
    const room = this.config.maxTextLength - 1;
    // A question that is read apart has positions of its own, and a token before and after it.
    if (readsPrefix(this.config) === 'question')
      return [before.subarray(0, room - 1), text.subarray(0, room)];
    const [forBefore, forText] = shared(before.length, text.length, room);
    return [before.subarray(0, forBefore), text.subarray(0, forText)];
  }
}

/**
 * How many tokens of two texts stay where there is room for so many.
 *
 * ```
 * room 10    7 and 2 → 7 and 2    9 and 3 → 7 and 3    9 and 8 → 5 and 5
 * ```
 */
export function shared(first: number, second: number, room: number): [first: number, second: number] {
  if (first + second <= room) return [first, second];
  const half = Math.floor(room / 2);
  if (first <= half) return [first, room - first];
  if (second <= half) return [room - second, second];
  return [room - half, half];
}

/** @throws DataError for an example without a text there */
function textIn({ id, text, fields }: Pick<Example, 'id' | 'text' | 'fields'>, field: string): string {
  const value = field === 'text' ? text : fields?.[field];
  if (typeof value !== 'string' || value.trim() === '')
    throw new DataError('DATA_INVALID', `example "${id}" has no text in "${field}"`);
  return value;
}
