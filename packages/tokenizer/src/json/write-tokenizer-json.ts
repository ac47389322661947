import { TokenizerError } from '@simvlm/core';
import { checkModel } from '../check-model';
import { type Piece, type PieceType, pieceType, SPACE, type TokenizerModel } from '../vocabulary';
import { COLLAPSE, TRIM_END, TRIM_END_AND_MARKS, TRIM_START } from './arrangements';
import { toBase64 } from './base64';
import { shown } from './json-value';
import { usualNames, usualSpecialIds } from './special-ids';

/** Characters of the longest BPE piece, whose splits are all listed. */
const MAX_CHARACTERS = 1000;

/**
 * The model as a Hugging Face `tokenizer.json`, which gives the same ids without special tokens. Where Hugging Face cannot do as
 * SentencePiece does, the file does as transformers' converter: it finds control tokens in text, and normalises the text on each
 * side of a user-defined piece on its own, so that spaces next to one may be dropped. Of the model, the name of the normalizer's
 * rule, what the unknown token is decoded to, and BPE scores beyond their order are not kept.
 *
 * @throws TokenizerError for what the format cannot express, by name
 */
export function writeTokenizerJson(model: TokenizerModel): string {
  const ids = checkModel(model);
  checkExpressible(model);
  const { pieces, special, byteFallback } = model;
  const unk = pieces[special.unk]!.text;
  const listed = new Set<PieceType>([pieceType.unknown, pieceType.control, pieceType.userDefined]);
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: pieces.flatMap(({ text, type }, id) =>
      listed.has(type) ? [addedToken(text, type, id)] : [],
    ),
    normalizer: sequence('normalizers', normalizerSteps(model)),
    pre_tokenizer: prependsOnce(model)
      ? { type: 'Metaspace', replacement: SPACE, prepend_scheme: 'first', split: false }
      : null,
    post_processor: null,
    decoder: sequence('decoders', decoderSteps(model)),
    model:
      model.algorithm === 'unigram'
        ? {
            type: 'Unigram',
            unk_id: special.unk,
            vocab: pieces.map(({ text, score }) => [text, score]),
            byte_fallback: byteFallback,
          }
        : {
            type: 'BPE',
            dropout: null,
            unk_token: unk,
            continuing_subword_prefix: null,
            end_of_word_suffix: null,
            fuse_unk: true,
            byte_fallback: byteFallback,
            ignore_merges: false,
            vocab: Object.fromEntries(ids),
            merges: mergesOf(pieces, ids),
          },
  });
}

function checkExpressible(model: TokenizerModel): void {
  const { pieces, special, normalizer } = model;
  if (model.whitespaceSuffix) throw inexpressible('treat_whitespace_as_suffix');
  if (model.denormalizer && model.denormalizer.charMap.length > 0) throw inexpressible('a denormalizer');
  if (hasUserDefined(model) && normalizer.addDummyPrefix && !normalizer.escapeWhitespaces)
    throw inexpressible('escape_whitespaces = false together with add_dummy_prefix and user-defined pieces');
  const unused = pieces.find(({ type }) => type === pieceType.unused);
  if (unused) throw inexpressible(`the unused piece ${shown(unused.text)}`);
  const spaced = pieces.find(({ text, type }) => type === pieceType.userDefined && text.includes(' '));
  if (spaced) throw inexpressible(`the user-defined piece ${shown(spaced.text)} with a space`);
  const told = usualSpecialIds(pieces, special.unk);
  for (const name of ['pad', 'bos', 'eos'] as const)
    if (told[name] !== special[name])
      throw inexpressible(
        `${shown(pieces[special[name]]?.text ?? 'none')} as ${name}, which is told by its name (${usualNames[name].join(', ')})`,
      );
}

function inexpressible(what: string): TokenizerError {
  return new TokenizerError(
    'TOKENIZER_INVALID',
    `a tokenizer.json cannot express ${what}; keep the model as a SentencePiece .model file`,
  );
}

function addedToken(content: string, type: PieceType, id: number): object {
  const special = type !== pieceType.userDefined;
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special };
}

/** With user-defined pieces a prefix of the normalizer's would stand before every stretch of text between them. */
function prependsOnce(model: TokenizerModel): boolean {
  return model.normalizer.addDummyPrefix && hasUserDefined(model);
}

function hasUserDefined({ pieces }: TokenizerModel): boolean {
  return pieces.some(({ type }) => type === pieceType.userDefined);
}

function normalizerSteps(model: TokenizerModel): object[] {
  const { charMap, addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces } = model.normalizer;
  const inPreTokenizer = prependsOnce(model);
  const steps: object[] = [];
  if (charMap.length > 0) steps.push({ type: 'Precompiled', precompiled_charsmap: toBase64(charMap) });
  if (addDummyPrefix && !inPreTokenizer)
    // As a space it is dropped again where nothing follows.
    steps.push({ type: 'Prepend', prepend: removeExtraWhitespaces || !escapeWhitespaces ? ' ' : SPACE });
  if (removeExtraWhitespaces) {
    if (!addDummyPrefix) steps.push(replace({ Regex: TRIM_START }, ''));
    steps.push(replace({ Regex: COLLAPSE }, ' '));
    steps.push(replace({ Regex: escapeWhitespaces ? TRIM_END_AND_MARKS : TRIM_END }, ''));
  }
  if (escapeWhitespaces && !inPreTokenizer) steps.push(replace({ String: ' ' }, SPACE));
  return steps;
}

function decoderSteps({ normalizer, byteFallback }: TokenizerModel): object[] {
  const steps: object[] = [replace({ String: SPACE }, ' ')];
  if (byteFallback) steps.push({ type: 'ByteFallback' });
  steps.push({ type: 'Fuse' });
  if (normalizer.addDummyPrefix && normalizer.escapeWhitespaces)
    steps.push({ type: 'Strip', content: ' ', start: 1, stop: 0 });
  return steps;
}

function replace(pattern: object, content: string): object {
  return { type: 'Replace', pattern, content };
}

function sequence(name: string, steps: readonly object[]): object | null {
  return steps.length > 0 ? { type: 'Sequence', [name]: steps } : null;
}

/** All splits of each piece into two, the pieces by descending score, the splits of one by the ids of their parts. */
function mergesOf(pieces: readonly Piece[], ids: ReadonlyMap<string, number>): (readonly [string, string])[] {
  const joined = (type: PieceType) => type === pieceType.normal || type === pieceType.userDefined;
  const idOf = (text: string) => {
    const id = ids.get(text);
    return id !== undefined && joined(pieces[id]!.type) ? id : -1;
  };
  const made = pieces.filter(({ text, type }) => joined(type) && text.length > 1 && [...text].length > 1);
  made.sort((a, b) => b.score - a.score);
  const scores = new Map<number, string>();
  return made.flatMap(({ text, score, type }) => {
    const characters = [...text];
    if (characters.length > MAX_CHARACTERS)
      throw inexpressible(`the BPE piece ${shown(text)} of ${characters.length} characters`);
    if (type === pieceType.normal) {
      const other = scores.get(score);
      if (other !== undefined)
        throw inexpressible(`the same score for the BPE pieces ${shown(other)} and ${shown(text)}`);
      scores.set(score, text);
      const missing = characters.find(character => !ids.has(character));
      if (missing !== undefined)
        throw inexpressible(`the BPE piece ${shown(text)} while its character ${shown(missing)} is no piece`);
    }
    const splits: [number, number][] = [];
    let left = '';
    for (const character of characters.slice(0, -1)) {
      left += character;
      const parts: [number, number] = [idOf(left), idOf(text.slice(left.length))];
      if (parts[0] >= 0 && parts[1] >= 0) splits.push(parts);
    }
    splits.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return splits.map(([a, b]) => [pieces[a]!.text, pieces[b]!.text] as const);
  });
}
