import { damaged } from './damaged';
import { bytePiece, pieceType, type TokenizerModel } from './vocabulary';

/**
 * Makes sure of what encoding and decoding rely on.
 *
 * @returns the id of each piece
 * @throws TokenizerError that names what is wrong
 */
export function checkModel({ pieces, special, byteFallback }: TokenizerModel): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  let unknown = -1;
  for (const [id, { text, score, type }] of pieces.entries()) {
    if (text === '') throw damaged(`piece ${id} is empty`);
    if (text.includes('\0')) throw damaged(`piece ${id} has a zero byte`);
    if (ids.has(text)) throw damaged(`the piece "${text}" stands twice`);
    if (!Number.isFinite(score)) throw damaged(`the piece "${text}" has score ${score}`);
    if (type === pieceType.unknown) {
      if (unknown >= 0) throw damaged('it has two unknown tokens');
      unknown = id;
    }
    if (type === pieceType.byte && !byteFallback)
      throw damaged(`it has the byte piece "${text}" but no byte fallback`);
    if (type === pieceType.byte && !/^<0x[0-9A-F]{2}>$/.test(text))
      throw damaged(`"${text}" is no byte piece`);
    ids.set(text, id);
  }
  if (unknown < 0 || special.unk !== unknown) throw damaged('it has no unknown token');
  for (let byte = 0; byteFallback && byte < 256; byte++)
    if (pieces[ids.get(bytePiece(byte)) ?? -1]?.type !== pieceType.byte)
      throw damaged(`it has byte fallback but no piece ${bytePiece(byte)}`);
  for (const name of ['pad', 'bos', 'eos'] as const) {
    const id = special[name];
    if (id !== -1 && pieces[id]?.type !== pieceType.control)
      throw damaged(`its ${name} token ${id} is no control piece`);
  }
  const given = Object.values(special).filter(id => id >= 0);
  if (new Set(given).size !== given.length) throw damaged('two special tokens have the same id');
  return ids;
}
