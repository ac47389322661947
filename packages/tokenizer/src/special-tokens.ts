import { damaged } from './damaged';
import { controlToken } from './subword/control-token';
import type { ByteBpeModel, WordPieceModel } from './subword/subword-model';
import { type Piece, pieceType, type TokenizerModel } from './vocabulary';

const NAMES = { pad: '<pad>', bos: '<s>', eos: '</s>' } as const;
const BERT_NAMES = { pad: '[PAD]', bos: '[CLS]', eos: '[SEP]' } as const;

/**
 * The model with pad, bos and eos tokens: those that it lacks are added behind its pieces, so that no id
 * changes. Training a language model needs all of them; many published tokenizers have no pad token, and GPT-2's
 * has one for both ends of a text, which then is the end alone.
 *
 * @throws TokenizerError when the usual name of a missing token is taken by a piece of another kind
 */
export function withSpecialTokens<M extends TokenizerModel | WordPieceModel | ByteBpeModel>(model: M): M {
  const names = model.algorithm === 'wordpiece' ? BERT_NAMES : NAMES;
  const { special } = model;
  const missing = (['pad', 'bos', 'eos'] as const).filter(
    name => special[name] < 0 || (name !== 'eos' && special[name] === special.eos),
  );
  const { model: larger, first } = withControlTokens(
    model,
    missing.map(name => names[name]),
    text => {
      const name = missing.find(key => names[key] === text)!;
      return `it has no ${name} token, and "${text}" is a piece of another kind`;
    },
  );
  const ids = Object.fromEntries(missing.map((name, i) => [name, first + i]));
  return { ...larger, special: { ...model.special, ...ids } };
}

/**
 * The model with more tokens behind its pieces, which decoding leaves out.
 *
 * @param taken says what is wrong where there is a piece of that text
 * @returns the model, and the id of the first of them
 */
export function withControlTokens<M extends TokenizerModel | WordPieceModel | ByteBpeModel>(
  model: M,
  texts: readonly string[],
  taken: (text: string) => string,
): { model: M; first: number } {
  const known = new Set('pieces' in model ? model.pieces.map(({ text }) => text) : model.vocabulary);
  if (!('pieces' in model)) for (const { text } of model.added) known.add(text);
  const double = texts.find(text => known.has(text));
  if (double !== undefined) throw damaged(taken(double));
  const first = known.size;
  if ('pieces' in model) {
    const added = texts.map((text): Piece => ({ text, score: 0, type: pieceType.control }));
    return { model: { ...model, pieces: [...model.pieces, ...added] }, first };
  }
  const added = texts.map((text, i) => controlToken(text, first + i));
  return { model: { ...model, added: [...model.added, ...added] }, first };
}
