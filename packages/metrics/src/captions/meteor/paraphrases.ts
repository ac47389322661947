import { DataError } from '@simvlm/core';

/** Phrases that say the same. */
export interface Paraphrases {
  /** What can stand for the phrases that begin at a place of a line: how many words they have, and the words instead. Shorter phrases come first. */
  at(line: readonly string[], place: number): { length: number; others: readonly string[] }[];
}

/** Words of a phrase and its paraphrases, as a tree. */
interface Node {
  readonly next: Map<string, Node>;
  readonly others: (readonly string[])[];
}

/**
 * Reads METEOR's paraphrase table, `paraphrase-en.gz` of its distribution (62 MB, LGPL, not part of this package): three lines a pair, a number, a
 * phrase and its paraphrase. Of 5.3 million pairs only those are kept whose words all occur in `words`.
 *
 * @param file the table, packed by gzip, as a stream
 * @param words of all captions that will be compared, as `meteorWords` gives them
 * @throws DataError for what is no such table
 */
export async function readParaphrases(
  file: ReadableStream<Uint8Array>,
  words: ReadonlySet<string>,
): Promise<Paraphrases> {
  const root: Node = { next: new Map(), others: [] };
  let phrase: string[] | undefined;
  let count = 0;
  for await (const line of linesOf(file)) {
    const part = count++ % 3;
    if (part === 0 && Number.isNaN(Number(line)))
      throw new DataError(
        'DATA_INVALID',
        `paraphrases: line ${count} must be a number, got "${line.slice(0, 40)}"`,
      );
    if (part === 1) phrase = known(line, words);
    if (part === 2 && phrase) {
      const others = known(line, words);
      if (others) add(root, phrase, others);
    }
  }
  if (count === 0 || count % 3 !== 0)
    throw new DataError('DATA_INVALID', `paraphrases: ${count} lines are no table of three lines a pair`);
  return {
    at(line, place) {
      const found: { length: number; others: readonly string[] }[] = [];
      let node: Node | undefined = root;
      for (let i = place; i < line.length; i++) {
        node = node.next.get(line[i]!);
        if (!node) break;
        for (const others of node.others) found.push({ length: i - place + 1, others });
      }
      return found;
    },
  };
}

/** The words of a phrase, if the captions have all of them. */
function known(line: string, words: ReadonlySet<string>): string[] | undefined {
  const phrase = line.split(/\s+/).filter(word => word !== '');
  return phrase.length > 0 && phrase.every(word => words.has(word)) ? phrase : undefined;
}

function add(root: Node, phrase: readonly string[], others: readonly string[]): void {
  let node = root;
  for (const word of phrase) {
    let next = node.next.get(word);
    if (!next) {
      next = { next: new Map(), others: [] };
      node.next.set(word, next);
    }
    node = next;
  }
  node.others.push(others);
}

async function* linesOf(file: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const text = file
    .pipeThrough(new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>)
    .pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>);
  let rest = '';
  const reader = text.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(cause => {
      throw new DataError('DATA_INVALID', 'paraphrases: this is no gzip file', { cause });
    });
    if (done) break;
    const lines = (rest + value).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}
