import { DataError, type Example, type ExampleDataset } from '@simvlm/core';

/** Examples that are already in memory. */
export function arrayDataset(examples: readonly Example[]): ExampleDataset {
  return { length: examples.length, get: index => at(examples, index) };
}

/**
 * Text-only documents, each cut into pieces of at most `maxCharacters` (default: whole), at the ends of sentences where there
 * are any, else between words. Empty documents are left out.
 */
export function textDataset(
  documents: Iterable<string>,
  { maxCharacters = Number.POSITIVE_INFINITY, idPrefix = 'text' } = {},
): ExampleDataset {
  const examples: Example[] = [];
  for (const document of documents) {
    for (const text of cut(document.trim(), maxCharacters))
      examples.push({ id: `${idPrefix}-${examples.length}`, text });
  }
  return arrayDataset(examples);
}

/** The examples at these indices, in this order. */
export function subset(dataset: ExampleDataset, indices: ArrayLike<number>): ExampleDataset {
  return { length: indices.length, get: index => dataset.get(at(indices, index)) };
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
    const window = rest.slice(0, limit + 1);
    const sentence = Math.max(...['. ', '! ', '? ', '; '].map(end => window.lastIndexOf(end))) + 1;
    const place = sentence > limit / 2 ? sentence : window.lastIndexOf(' ');
    const end = place > 0 ? place : limit;
    yield rest.slice(0, end).trim();
    rest = rest.slice(end).trim();
  }
  if (rest !== '') yield rest;
}
