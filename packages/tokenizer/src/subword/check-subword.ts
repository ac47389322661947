import { damaged, shown } from '../damaged';
import type { SubwordModel } from './subword-model';

/** The text of every id: the vocabulary, then the added tokens behind it. */
export function allPieces({ vocabulary, added }: SubwordModel): readonly string[] {
  const pieces = [...vocabulary];
  for (const { id, text } of [...added].sort((a, b) => a.id - b.id))
    if (id === pieces.length) pieces.push(text);
  return pieces;
}

/**
 * Makes sure of what encoding and decoding rely on.
 *
 * @returns the id of each piece
 * @throws TokenizerError that names what is wrong
 */
export function checkSubword(model: SubwordModel, pieces: readonly string[]): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const [id, text] of pieces.entries()) {
    if (text === '') throw damaged(`piece ${id} is empty`);
    if (text.includes('\0')) throw damaged(`piece ${id} has a zero byte`);
    if (ids.has(text)) throw damaged(`the piece ${shown(text)} stands twice`);
    ids.set(text, id);
  }
  const added = new Set<number>();
  for (const { id, text } of model.added) {
    if (pieces[id] !== text)
      throw damaged(
        pieces[id] === undefined
          ? `the added token ${shown(text)} has the id ${id}, but no piece has the id ${pieces.length}`
          : `the id ${id} of the added token ${shown(text)} is that of the piece ${shown(pieces[id])}`,
      );
    if (added.has(id)) throw damaged(`the added token ${shown(text)} stands twice`);
    added.add(id);
  }
  for (const [name, id] of Object.entries(model.special))
    if (id !== -1 && pieces[id] === undefined) throw damaged(`its ${name} token ${id} is the id of no piece`);
  return ids;
}
