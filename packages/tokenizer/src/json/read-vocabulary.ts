import type { MakeError } from '@simvlm/core';
import { shown } from '../damaged';

/**
 * The texts of a vocabulary `{ text: id, … }` by id.
 *
 * @param fail makes the error that names the file
 */
export function readVocabulary(value: unknown, fail: MakeError): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fail('the vocabulary is no object of pieces and ids');
  const entries = Object.entries(value);
  const texts = new Array<string | undefined>(entries.length).fill(undefined);
  for (const [text, id] of entries) {
    if (/\p{Surrogate}/u.test(text)) throw fail(`the piece ${shown(text)} has half a surrogate pair`);
    if (!Number.isInteger(id) || id < 0) throw fail(`the id of ${shown(text)} is no whole number from 0 on`);
    // Ids without a gap are less than the number of pieces; others leave one.
    if (id >= texts.length) continue;
    if (texts[id] !== undefined) throw fail(`two pieces have the id ${id}`);
    texts[id] = text;
  }
  return texts.map((text, id) => {
    if (text === undefined) throw fail(`no piece has the id ${id}`);
    return text;
  });
}
