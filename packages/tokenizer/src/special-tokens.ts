import { damaged } from './damaged';
import { type Piece, pieceType, type TokenizerModel } from './vocabulary';

const NAMES = { pad: '<pad>', bos: '<s>', eos: '</s>' } as const;

/**
 * The model with pad, bos and eos tokens: those that it lacks are added behind its pieces, so that no id
 * changes. Training a language model needs all of them; many published tokenizers have no pad token.
 *
 * @throws TokenizerError when the usual name of a missing token is taken by a piece of another kind
 */
export function withSpecialTokens(model: TokenizerModel): TokenizerModel {
  const pieces: Piece[] = [...model.pieces];
  const special = { ...model.special };
  for (const [name, text] of Object.entries(NAMES) as [keyof typeof NAMES, string][]) {
    if (special[name] >= 0) continue;
    if (pieces.some(piece => piece.text === text))
      throw damaged(`it has no ${name} token, and "${text}" is a piece of another kind`);
    special[name] = pieces.push({ text, score: 0, type: pieceType.control }) - 1;
  }
  return { ...model, pieces, special };
}
