import { decodeText } from '@simvlm/core';
import { shown } from '../damaged';
import { FILE_NAMES, invalid, lineError } from './file-error';

/**
 * The merges of a `merges.txt`, two pieces a line, as pairs of ids; lines that begin with `#version` say nothing.
 *
 * @throws TokenizerError that names the line
 */
export function readMergesTxt(bytes: Uint8Array, vocabulary: readonly string[]): [number, number][] {
  const ids = new Map(vocabulary.map((text, id) => [text, id]));
  const lines = decodeText(bytes, FILE_NAMES.merges, invalid).split('\n');
  if (lines.at(-1) === '') lines.pop();
  const merges: [number, number][] = [];
  const seen = new Set<string>();
  for (const [i, line] of lines.entries()) {
    const text = line.replace(/\r$/, '');
    if (text.startsWith('#version')) continue;
    const fail = (what: string) => lineError(FILE_NAMES.merges, i + 1, what);
    const pair = text.split(' ', 3);
    if (pair.length !== 2) throw fail(`${shown(text)} is not two pieces with a space between`);
    if (seen.has(text)) throw fail(`the merge ${shown(text)} stands twice`);
    seen.add(text);
    const [left, right] = pair.map(piece => {
      const id = ids.get(piece);
      if (id === undefined) throw fail(`${shown(piece)} is no piece of ${FILE_NAMES.bytePieces}`);
      return id;
    }) as [number, number];
    if (!ids.has(pair.join('')))
      throw fail(`it makes ${shown(pair.join(''))}, which is no piece of ${FILE_NAMES.bytePieces}`);
    merges.push([left, right]);
  }
  return merges;
}
