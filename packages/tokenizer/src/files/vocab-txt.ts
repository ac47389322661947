import { decodeText } from '@simvlm/core';
import { shown } from '../damaged';
import { FILE_NAMES, invalid, lineError } from './file-error';

const SPACES = /\p{White_Space}+$/u;

/**
 * The pieces of a `vocab.txt`, one a line, the first has id 0. White space at the end of a line is no part of the piece.
 *
 * @throws TokenizerError that names the line
 */
export function readVocabTxt(bytes: Uint8Array): string[] {
  const lines = decodeText(bytes, FILE_NAMES.wordPieces, invalid).split('\n');
  if (lines.at(-1) === '') lines.pop();
  const seen = new Map<string, number>();
  return lines.map((line, id) => {
    const text = line.replace(SPACES, '');
    const fail = (what: string) => lineError(FILE_NAMES.wordPieces, id + 1, what);
    if (text === '') throw fail('the piece is empty');
    if (text.includes('\0')) throw fail('the piece has a zero byte');
    const other = seen.get(text);
    if (other !== undefined) throw fail(`the piece ${shown(text)} stands in line ${other + 1} already`);
    seen.set(text, id);
    return text;
  });
}
