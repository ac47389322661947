import { DataError } from '@simvlm/core';

/** Which words of WordNet 3.0 mean the same. */
export interface WordNet {
  /** Synsets of a word and of its base form. */
  synsets(word: string): ReadonlySet<number>;
}

/** Endings that WordNet takes off, and what it puts in their place: those of nouns, of verbs, of adjectives. The first that gives a known word is taken. */
const ENDINGS: readonly (readonly [ending: string, instead: string])[] = [
  ...(['s:', 'ses:s', 'xes:x', 'zes:z', 'ches:ch', 'shes:sh', 'men:man', 'ies:y'] as const),
  ...(['s:', 'ies:y', 'es:e', 'es:', 'ed:e', 'ed:', 'ing:e', 'ing:'] as const),
  ...(['er:', 'est:', 'er:e', 'est:e'] as const),
].map(rule => rule.split(':') as [string, string]);

const NONE: ReadonlySet<number> = new Set();

/**
 * Reads `data/wordnet-3.0.gz` of this package: 83,118 single words, 5,825 irregular forms.
 *
 * @throws DataError for bytes that are no such file
 */
export async function readWordNet(file: Uint8Array): Promise<WordNet> {
  const [words, forms] = (await unpacked(file)).split('\n\n');
  if (forms === undefined) throw new DataError('DATA_INVALID', 'this is no WordNet file of @simvlm/metrics');
  const sets = new Map<string, ReadonlySet<number>>();
  for (const line of words!.split('\n')) {
    const [word, ...own] = line.split(' ');
    sets.set(word!, new Set(own.map(set => Number.parseInt(set, 36))));
  }
  const bases = new Map<string, readonly string[]>();
  for (const line of forms.trim().split('\n')) {
    const [form, ...own] = line.split(' ');
    bases.set(form!, own);
  }
  const known = new Map<string, ReadonlySet<number>>();
  return {
    synsets(word) {
      let found = known.get(word);
      if (!found) {
        const others = bases.get(word) ?? [regularBase(word, sets)];
        found = new Set([word, ...others].flatMap(each => [...(sets.get(each) ?? NONE)]));
        known.set(word, found);
      }
      return found;
    },
  };
}

function regularBase(word: string, sets: ReadonlyMap<string, unknown>): string {
  if (word.endsWith('ss') || word.length <= 2) return word;
  for (const [ending, instead] of ENDINGS) {
    if (!word.endsWith(ending)) continue;
    const base = word.slice(0, -ending.length) + instead;
    if (sets.has(base)) return base;
  }
  return '';
}

async function unpacked(file: Uint8Array): Promise<string> {
  try {
    const stream = new Blob([file as BlobPart]).stream().pipeThrough(new DecompressionStream('gzip'));
    return await new Response(stream).text();
  } catch (cause) {
    throw new DataError('DATA_INVALID', 'this is no gzip file', { cause });
  }
}
