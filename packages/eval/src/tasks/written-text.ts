import { DataError, type Example, type JsonValue } from '@simvlm/core';
import type { Row } from '@simvlm/data';
import { readsPrefix, type SimVlmConfig } from '@simvlm/model';

/** Text tokens that a model has room for: before what it writes, and in what it writes, without special tokens. */
export interface TextRoom {
  readonly before: number;
  /** @param before tokens that stand before it */
  written(before: number): number;
}

/**
 * How a model's text is shared: `reserved` tokens are kept free for what is written, and what the text before it leaves is added to them. So a
 * question is cut alike in training and in use, where nobody knows how long the answer is. A model that reads questions apart (BLIP) shares
 * nothing.
 */
export function textRoom(config: SimVlmConfig, reserved: number): TextRoom {
  const { maxTextLength } = config;
  if (readsPrefix(config) === 'question')
    return { before: maxTextLength - 2, written: () => maxTextLength - 1 };
  // The end token has a place, too.
  return { before: maxTextLength - 1 - reserved, written: before => maxTextLength - 1 - before };
}

/** A prefix and what is to be written behind it as the tokens of a row; each that is too long loses its end. */
export function writtenRow(
  before: Int32Array,
  written: Int32Array,
  room: TextRoom,
  eos: number,
): Pick<Row, 'tokens' | 'prefixLength'> {
  const prefix = before.subarray(0, room.before);
  const target = written.subarray(0, room.written(prefix.length));
  return { tokens: Int32Array.of(...prefix, ...target, eos), prefixLength: prefix.length };
}

/** The text of a field. @throws DataError where it has none */
export function textOf({ id, fields }: Pick<Example, 'id' | 'fields'>, field: string): string {
  const text = fields?.[field];
  if (typeof text !== 'string' || text.trim() === '')
    throw new DataError('DATA_INVALID', `example "${id}" has no "${field}"`);
  return text;
}

/** The texts of a field that has one, such as `"red"`, or several: `["red", "dark red"]`. @throws DataError where it has none */
export function textsOf({ id, fields }: Pick<Example, 'id' | 'fields'>, field: string): readonly string[] {
  const value: JsonValue | undefined = fields?.[field];
  const texts = (Array.isArray(value) ? value : [value]).filter(
    (text): text is string => typeof text === 'string' && text.trim() !== '',
  );
  if (texts.length === 0) throw new DataError('DATA_INVALID', `example "${id}" has no "${field}"`);
  return texts;
}
