import { ConfigError, DataError, type Example, type ExampleDataset } from '@simvlm/core';

/** Examples that are already in memory. */
export function arrayDataset(examples: readonly Example[]): ExampleDataset {
  return {
    length: examples.length,
    get: index => at(examples, index),
    outline(index) {
      const { image: _, ...rest } = at(examples, index);
      return rest;
    },
  };
}

/**
 * Text-only documents, each cut into pieces of at most `maxCharacters` (default: whole), at the ends of sentences where there
 * are any, else between words, else anywhere. Empty documents are left out.
 *
 * @throws ConfigError when `maxCharacters` is below 1
 */
export function textDataset(
  documents: Iterable<string>,
  { maxCharacters = Number.POSITIVE_INFINITY, idPrefix = 'text' } = {},
): ExampleDataset {
  if (!(maxCharacters >= 1))
    throw new ConfigError(
      'CONFIG_INVALID',
      `textDataset: maxCharacters must be 1 or more, got ${maxCharacters}`,
    );
  const examples: Example[] = [];
  for (const document of documents) {
    for (const text of cut(document.trim(), maxCharacters))
      examples.push({ id: `${idPrefix}-${examples.length}`, text });
  }
  return arrayDataset(examples);
}

/** The examples at these indices, in this order. */
export function subset(dataset: ExampleDataset, indices: ArrayLike<number>): ExampleDataset {
  const { outline } = dataset;
  return {
    length: indices.length,
    get: index => dataset.get(at(indices, index)),
    ...(outline && { outline: index => outline.call(dataset, at(indices, index)) }),
  };
}

function at<T>(list: ArrayLike<T>, index: number): T {
  const value = list[index];
  if (value === undefined)
    throw new DataError('DATA_NOT_FOUND', `no example ${index}; there are ${list.length}`);
  return value;
}

function* cut(text: string, limit: number): Generator<string> {
  let rest = text;
  while (rest.length > limit) {
    const end = placeToCut(rest, Math.floor(limit));
    yield rest.slice(0, end).trim();
    rest = rest.slice(end).trim();
  }
  if (rest !== '') yield rest;
}

/** Where a text that is longer than `limit` is cut: 1 to `limit` (one more for a character of two code units that stands alone). */
function placeToCut(text: string, limit: number): number {
  const window = text.slice(0, limit + 1);
  let sentence = 0;
  let word = 0;
  for (const { index } of window.matchAll(/\s/g)) {
    word = index;
    if (/[.!?;]/.test(window[index - 1] ?? '')) sentence = index;
  }
  if (sentence > limit / 2) return sentence;
  if (word > 0) return word;
  // Half of a surrogate pair is no character.
  const splitsPair = /[\uD800-\uDBFF]/.test(text[limit - 1]!) && /[\uDC00-\uDFFF]/.test(text[limit]!);
  if (!splitsPair) return limit;
  return limit > 1 ? limit - 1 : 2;
}
