import { damaged, shown } from './damaged';
import { bytePiece, pieceType, type TokenizerModel } from './vocabulary';

/** Characters of the text that the unknown token is decoded to: one generated text may hold it hundreds of times. */
const MAX_SURFACE = 1024;

/**
 * Makes sure of what encoding and decoding rely on.
 *
 * @returns the id of each piece
 * @throws TokenizerError that names what is wrong
 */
export function checkModel({
  pieces,
  special,
  byteFallback,
  unknownSurface,
}: TokenizerModel): ReadonlyMap<string, number> {
  // Before the map is made, which takes most of the memory.
  const unknown = pieces.findIndex(({ type }) => type === pieceType.unknown);
  if (unknown < 0 || special.unk !== unknown) throw damaged('it has no unknown token');
  const ids = new Map<string, number>();
  for (const [id, { text, score, type }] of pieces.entries()) {
    if (text === '') throw damaged(`piece ${id} is empty`);
    if (text.includes('\0')) throw damaged(`piece ${id} has a zero byte`);
    if (ids.has(text)) throw damaged(`the piece ${shown(text)} stands twice`);
    if (!Number.isFinite(score)) throw damaged(`the piece ${shown(text)} has score ${score}`);
    if (type === pieceType.unknown && id !== unknown) throw damaged('it has two unknown tokens');
    if (type === pieceType.byte && !byteFallback)
      throw damaged(`it has the byte piece ${shown(text)} but no byte fallback`);
    if (type === pieceType.byte && !/^<0x[0-9A-F]{2}>$/.test(text))
      throw damaged(`${shown(text)} is no byte piece`);
    ids.set(text, id);
  }
  if (unknownSurface.length > MAX_SURFACE)
    throw damaged(
      `its unknown token is decoded to ${unknownSurface.length} characters (at most ${MAX_SURFACE})`,
    );
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
