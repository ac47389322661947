import { ConfigError, checkOptions, rule, type Tokenizer, TokenizerError } from '@simvlm/core';

export interface BatchOptions {
  /** Put the begin token before, the end token behind each text. Default false. */
  readonly addBos?: boolean;
  readonly addEos?: boolean;
  /** Longer rows are cut to so many tokens, special ones included: text is dropped, special tokens stay. */
  readonly maxLength?: number;
  /** Where a text is cut: its `end` (default) or its `start` is dropped. */
  readonly truncate?: 'end' | 'start';
  /** T: rows are padded to this length; default the longest row. */
  readonly length?: number;
  /** Where padding goes. Default `end`. */
  readonly pad?: 'end' | 'start';
}

/** Texts as one array of static shape. */
export interface Batch {
  /** `int32[B, T]`, row-major. */
  readonly ids: Int32Array;
  /** `int32[B]`: how many tokens of each row are no padding. */
  readonly lengths: Int32Array;
  /** `[B, T]`. */
  readonly shape: readonly [number, number];
}

/**
 * Encodes texts into one padded array `int32[B, T]`, with any tokenizer.
 *
 * @throws TokenizerError when a special token is needed that the tokenizer lacks; ConfigError for wrong
 * options, and for a row longer than `length`
 */
export function encodeBatch(
  tokenizer: Tokenizer,
  texts: readonly string[],
  options: BatchOptions = {},
): Batch {
  checkOptions('encodeBatch', options, {
    addBos: rule.boolean,
    addEos: rule.boolean,
    maxLength: rule.integer(1),
    truncate: rule.oneOf('end', 'start'),
    length: rule.integer(0),
    pad: rule.oneOf('end', 'start'),
  });
  const { special } = tokenizer;
  const { addBos = false, addEos = false, maxLength = Number.POSITIVE_INFINITY, truncate, pad } = options;
  const before = addBos ? [needed(special.bos, 'bos')] : [];
  const after = addEos ? [needed(special.eos, 'eos')] : [];
  const room = maxLength - before.length - after.length;
  if (room < 0)
    throw new ConfigError(
      'CONFIG_INVALID',
      `encodeBatch: maxLength ${maxLength} leaves no room for the special tokens`,
    );
  const rows = texts.map(line => {
    const text = tokenizer.encode(line);
    const cut =
      text.length <= room
        ? text
        : truncate === 'start'
          ? text.subarray(text.length - room)
          : text.subarray(0, room);
    return [...before, ...cut, ...after];
  });
  const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const length = options.length ?? longest;
  if (longest > length)
    throw new ConfigError(
      'CONFIG_INVALID',
      `encodeBatch: a row of ${longest} tokens does not fit length ${length}; pass maxLength: ${length} to cut it`,
    );
  const isFull = rows.every(row => row.length === length);
  const ids = new Int32Array(rows.length * length).fill(isFull ? 0 : needed(special.pad, 'pad'));
  for (const [b, row] of rows.entries())
    ids.set(row, b * length + (pad === 'start' ? length - row.length : 0));
  return { ids, lengths: Int32Array.from(rows, row => row.length), shape: [rows.length, length] };
}

function needed(id: number, name: string): number {
  if (id < 0)
    throw new TokenizerError(
      'TOKENIZER_INVALID',
      `the model has no ${name} token; add one with withSpecialTokens(model), or do without`,
    );
  return id;
}
