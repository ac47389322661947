import { parseJson } from '@simvlm/core';
import { checkModel } from '../check-model';
import { bytePiece, type Piece, type PieceType, pieceType, SPACE, type TokenizerModel } from '../vocabulary';
import { type Arrangement, readArrangement } from './arrangements';
import { arrayOf, booleanOf, type JsonObject, objectOf, shown, textOf, unusable } from './json-value';
import { readMergeScores } from './read-merges';
import { readSpecialIds } from './special-ids';

/** What the format cannot say: SentencePiece's own default. */
const UNKNOWN_SURFACE = ' \u2047 ';

/**
 * Reads a Hugging Face `tokenizer.json` that comes from a SentencePiece model, unigram or BPE, in one of the forms
 * that transformers' converters give it (T5, XLM-R, mBART, Pegasus, NLLB, DeBERTa, Llama old and new, Gemma, …).
 * What is described otherwise is refused, but where those forms themselves deviate from the SentencePiece model that
 * they come from, SentencePiece's behaviour holds:
 *
 * - control tokens and the unknown token are never found in text, and user-defined pieces leave the text around them
 *   as it is (there they are searched for first, and what stands between them is normalised as a text of its own);
 * - without `Strip`, a text that ends with a space has no piece for it where extra spaces are dropped;
 * - with `Metaspace` and no dropping, a text that begins with a space gets the dummy prefix, too;
 * - `Strip` and `WhitespaceSplit` take other whitespace away than spaces; here only what the character map makes one;
 * - the character map is applied to the longest match, not to grapheme clusters;
 * - scores are float32, the unknown token's lies 10 below the worst normal piece, and it is decoded to ` ⁇ `;
 * - pieces of bytes, such as `<0x0A>`, do not match the text that they are spelled like.
 *
 * The post_processor, padding and truncation are not applied; they are settings of `encodeBatch`.
 *
 * @throws TokenizerError for text that is no tokenizer.json and for what is not supported, by name
 */
export function readTokenizerJson(text: string): TokenizerModel {
  const file = objectOf(parseJson(text, 'the file', unusable), 'the file');
  const model = objectOf(file.model, 'model');
  const arrangement = readArrangement(file);
  const algorithm = algorithmOf(model);
  const byteFallback = booleanOf(model.byte_fallback, 'model.byte_fallback', false);
  if (byteFallback !== arrangement.decodesBytes)
    throw unusable(
      `byte_fallback is ${byteFallback}, but the decoder has ${byteFallback ? 'no' : 'a'} ByteFallback`,
    );

  const vocabulary = new Vocabulary();
  const listed =
    algorithm === 'unigram' ? readUnigram(model, vocabulary) : readBpe(model, byteFallback, vocabulary);
  const added = readAddedTokens(file.added_tokens, vocabulary, arrangement);
  const texts = vocabulary.texts();
  const types = texts.map((text, id): PieceType => {
    if (id === listed.unk) return pieceType.unknown;
    return byteFallback && /^<0x[0-9A-F]{2}>$/.test(text)
      ? pieceType.byte
      : (added.get(id) ?? pieceType.normal);
  });
  const scores = listed.scores ?? readMergeScores(model.merges, { texts, types, ids: vocabulary.ids });
  const pieces = texts.map((text, id): Piece => ({ text, score: scores[id] ?? 0, type: types[id]! }));
  if (arrangement.cutsAtSpaces) checkSpaces(pieces, byteFallback);
  if (byteFallback && algorithm === 'bpe') restoreBytes(pieces, vocabulary.ids);
  const { charMap, addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces } = arrangement;
  const result: TokenizerModel = {
    algorithm,
    pieces,
    special: readSpecialIds(pieces, listed.unk, file.post_processor),
    normalizer: {
      name: charMap.length > 0 ? 'user_defined' : 'identity',
      charMap,
      addDummyPrefix,
      removeExtraWhitespaces,
      escapeWhitespaces,
    },
    byteFallback,
    whitespaceSuffix: false,
    unknownSurface: UNKNOWN_SURFACE,
  };
  checkModel(result);
  return result;
}

/** Texts and ids as they are listed; ids may come in any order. */
class Vocabulary {
  readonly ids = new Map<string, number>();
  readonly #texts = new Map<number, string>();

  add(text: string, id: unknown): void {
    if (!Number.isInteger(id) || (id as number) < 0)
      throw unusable(`the id of ${shown(text)} is no whole number from 0 on`);
    if (this.ids.has(text)) throw unusable(`the piece ${shown(text)} stands twice`);
    if (this.#texts.has(id as number)) throw unusable(`two pieces have the id ${id}`);
    this.ids.set(text, id as number);
    this.#texts.set(id as number, text);
  }

  textOf(id: unknown): string | undefined {
    return this.#texts.get(id as number);
  }

  texts(): string[] {
    const texts: string[] = [];
    for (let id = 0; id < this.#texts.size; id++) {
      const text = this.#texts.get(id);
      if (text === undefined) throw unusable(`no piece has the id ${id}`);
      texts.push(text);
    }
    return texts;
  }
}

interface Listed {
  readonly unk: number;
  /** Of unigram pieces; those of BPE follow from the merges. */
  readonly scores?: readonly number[];
}

function algorithmOf({ type, vocab, merges }: JsonObject): 'unigram' | 'bpe' {
  // Files of the first versions do not say.
  const known = type ?? (Array.isArray(vocab) ? 'Unigram' : merges === undefined ? 'without a type' : 'BPE');
  if (known === 'Unigram') return 'unigram';
  if (known === 'BPE') return 'bpe';
  throw unusable(
    `model ${typeof known === 'string' ? known : shown(known)} is not supported (only Unigram and BPE)`,
  );
}

function readUnigram(model: JsonObject, vocabulary: Vocabulary): Listed {
  const scores = arrayOf(model.vocab, 'model.vocab').map((entry, id) => {
    const [text, score] = arrayOf(entry, `piece ${id}`);
    vocabulary.add(textOf(text, `piece ${id}`), id);
    if (typeof score !== 'number' || !Number.isFinite(Math.fround(score)))
      throw unusable(`the score of piece ${id} is no number that a float32 holds`);
    return Math.fround(score);
  });
  if (vocabulary.textOf(model.unk_id) === undefined) throw unusable('model.unk_id is the id of no piece');
  return { unk: model.unk_id as number, scores };
}

function readBpe(model: JsonObject, byteFallback: boolean, vocabulary: Vocabulary): Listed {
  for (const [text, id] of Object.entries(objectOf(model.vocab, 'model.vocab')))
    vocabulary.add(textOf(text, 'a piece'), id);
  for (const name of ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix', 'ignore_merges'])
    if (model[name]) throw unusable(`model.${name} is not supported: SentencePiece has none`);
  if (!booleanOf(model.fuse_unk, 'model.fuse_unk', false) && !byteFallback)
    throw unusable('model.fuse_unk is false: SentencePiece makes one unknown token of neighbours');
  const unk = vocabulary.ids.get(model.unk_token as string);
  if (unk === undefined) throw unusable('model.unk_token is no piece');
  return { unk };
}

/** Adds what the vocabulary lacks; returns the types of all added tokens. */
function readAddedTokens(
  value: unknown,
  vocabulary: Vocabulary,
  { prependsInNormalizer, escapeWhitespaces }: Arrangement,
): Map<number, PieceType> {
  const types = new Map<number, PieceType>();
  for (const entry of arrayOf(value ?? [], 'added_tokens')) {
    const token = objectOf(entry, 'an added token');
    const content = textOf(token.content, 'the content of an added token');
    if (vocabulary.textOf(token.id) !== content) vocabulary.add(content, token.id);
    const id = token.id as number;
    if (types.has(id)) throw unusable(`the added token ${shown(content)} stands twice`);
    const special = booleanOf(token.special, `special of ${shown(content)}`, false);
    const is = (name: string, missing = false) =>
      booleanOf(token[name], `${name} of ${shown(content)}`, missing);
    const flags = ['single_word', 'lstrip', 'rstrip'].filter(name => is(name));
    const normalized = is('normalized', !special);
    if (!special && (flags.length > 0 || (normalized && prependsInNormalizer)))
      throw unusable(
        `the added token ${shown(content)} has ${flags[0] ?? 'normalized'}, which no piece of SentencePiece has`,
      );
    if (!special && escapeWhitespaces && content.includes(' '))
      throw unusable(`the added token ${shown(content)} has a space, which is written as ${SPACE} in text`);
    types.set(id, special ? pieceType.control : pieceType.userDefined);
  }
  return types;
}

/** Cutting at spaces changes nothing as long as no piece, and no run of unknown characters, goes over one. */
function checkSpaces(pieces: readonly Piece[], byteFallback: boolean): void {
  const over = pieces.find(({ text, type }) => type === pieceType.normal && text.lastIndexOf(SPACE) > 0);
  if (over)
    throw unusable(`the pre_tokenizer cuts at spaces, but the piece ${shown(over.text)} goes over one`);
  if (!byteFallback && !pieces.some(({ text }) => text === SPACE))
    throw unusable(`the pre_tokenizer cuts at spaces, but the space ${SPACE} itself is no piece`);
}

/** Gemma's converter writes "\t" where the model has the byte piece `<0x09>`; for BPE this is the same. */
function restoreBytes(pieces: Piece[], ids: ReadonlyMap<string, number>): void {
  for (let byte = 0; byte < 128; byte++) {
    const id = ids.get(String.fromCharCode(byte));
    const text = bytePiece(byte);
    if (id !== undefined && !ids.has(text)) pieces[id] = { text, score: 0, type: pieceType.byte };
  }
}
