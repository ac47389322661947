/**
 * JSON files that are read, changed in a place or two, and given back. Python tells `1.0` from `1`, and transformers refuses the one where it
 * expects the other; JavaScript does not. So numbers with a point or an exponent are kept as they were written.
 */
import { type JsonValue, type MakeError, parseJsonObject } from '@simvlm/core';

/** A JSON object in which some numbers are marked texts. */
export type LiteralJson = { [key: string]: JsonValue };

/** A character for private use, which begins no text of a configuration. */
const MARK = '\uE000';
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** @throws what `makeError` makes for what is no JSON object */
export function parseLiteral(text: string, where: string, makeError: MakeError): LiteralJson {
  return parseJsonObject(
    text.replace(TOKENS, token => (/^[^"].*[.eE]/.test(token) ? `"${MARK}${token}"` : token)),
    where,
    makeError,
  );
}

/** A number that Python reads as a float. */
export function float(value: number): string {
  return `${MARK}${Number.isInteger(value) ? value.toFixed(1) : value}`;
}

export function literalText(value: LiteralJson): string {
  return `${JSON.stringify(value, null, 2).replace(new RegExp(`"${MARK}([^"]*)"`, 'g'), '$1')}\n`;
}
