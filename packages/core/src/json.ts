import type { JsonValue } from './contracts';
import { outgrowsItsText } from './json-memory';
import { dataError, decodeText, type MakeError } from './text';

/**
 * A JSON value from the bytes of a file, or from text. A leading byte order mark is dropped.
 *
 * @param where how the message names the place: `run.json`, or file and line
 * @throws DataError, or what `makeError` makes, for bytes that are not UTF-8, for text that is not JSON, and for text made to fill
 *   the memory: values that would take more than 64 MiB and more than ten times their text
 */
export function parseJson(
  source: Uint8Array | string,
  where: string,
  makeError: MakeError = dataError,
): JsonValue {
  const text =
    typeof source === 'string' ? source.replace(/^\uFEFF/, '') : decodeText(source, where, makeError);
  if (outgrowsItsText(text))
    throw makeError(
      `${where}: its ${text.length} characters would take more than ten times as many bytes of memory; it is made of tiny values; use another file`,
    );
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw makeError(`${where}: not JSON (${(error as Error).message})`, { cause: error });
  }
}

/**
 * As `parseJson`, for one JSON object.
 *
 * Its keys come from a file, so ask for one with `Object.hasOwn`: `value.constructor` is there for every object.
 *
 * @throws as `parseJson`, and for a list, a string, a number, true, false or null
 */
export function parseJsonObject(
  source: Uint8Array | string,
  where: string,
  makeError: MakeError = dataError,
): Record<string, JsonValue> {
  const value = parseJson(source, where, makeError);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw makeError(`${where}: must be a JSON object, such as {"key": "value"}`);
  return value;
}
