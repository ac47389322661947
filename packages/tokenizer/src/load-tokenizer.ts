import { decodeText, parseJson, TokenizerError } from '@simvlm/core';
import { ByteBpeTokenizer } from './byte-bpe/byte-bpe-tokenizer';
import { damaged } from './damaged';
import { configured } from './files/configure';
import { FILE_NAMES, invalid } from './files/file-error';
import { byteBpeOfFiles, wordPieceOfFiles } from './files/separate-files';
import { TokenizerConfig, writeTokenizerConfig } from './files/tokenizer-config';
import { objectOf, unusable } from './json/json-value';
import { isByteLevel, readByteBpeJson } from './json/read-byte-bpe-json';
import { readTokenizerJson } from './json/read-tokenizer-json';
import { readWordPieceJson } from './json/read-wordpiece-json';
import { writeSubwordJson } from './json/write-subword-json';
import { loadSentencePiece } from './load-sentencepiece';
import type { ByteBpeModel, WordPieceModel } from './subword/subword-model';
import { SentencePieceTokenizer } from './tokenizer';
import type { TokenizerModel } from './vocabulary';
import { WordPieceTokenizer } from './wordpiece/wordpiece-tokenizer';

/** A tokenizer of any kind that this package has. */
export type AnyTokenizer = SentencePieceTokenizer | WordPieceTokenizer | ByteBpeTokenizer;
export type AnyModel = TokenizerModel | WordPieceModel | ByteBpeModel;

/** The files of a tokenizer by name, such as `vocab.json` and `merges.txt`. */
export type TokenizerFiles = ReadonlyMap<string, Uint8Array>;

/**
 * A tokenizer from a file, whose kind is told by its content: a SentencePiece `.model`, a `tokenizer.json` of the SentencePiece
 * families, of WordPiece or of byte-level BPE, or a `vocab.txt`. Or from files by name: one of these, or `vocab.json` with `merges.txt`,
 * and `tokenizer_config.json` with any of them. Others are not looked at.
 *
 * @param where how messages name a file that is given alone and whose lines they tell
 * @throws TokenizerError for damaged files and for what is not supported, by file and name
 */
export function loadTokenizer(
  source: Uint8Array | TokenizerFiles,
  where: string = FILE_NAMES.json,
): AnyTokenizer {
  return source instanceof Uint8Array ? loadFile(source, where) : loadFiles(source);
}

/** The tokenizer of a model. @throws TokenizerError for a model that contradicts itself */
export function createTokenizer(model: AnyModel): AnyTokenizer {
  if (model.algorithm === 'wordpiece') return new WordPieceTokenizer(model);
  if (model.algorithm === 'byte-bpe') return new ByteBpeTokenizer(model);
  return new SentencePieceTokenizer(model);
}

/**
 * The files that hold a tokenizer, by name: `tokenizer.model` for SentencePiece, else `tokenizer.json` and `tokenizer_config.json`, as
 * transformers reads them.
 */
export function tokenizerFiles(tokenizer: AnyTokenizer): Map<string, Uint8Array> {
  if (tokenizer instanceof SentencePieceTokenizer) return new Map([[FILE_NAMES.model, tokenizer.save()]]);
  const encoder = new TextEncoder();
  const { model } = tokenizer;
  return new Map([
    [FILE_NAMES.json, encoder.encode(writeSubwordJson(model))],
    [FILE_NAMES.config, encoder.encode(writeTokenizerConfig(model))],
  ]);
}

function loadFile(bytes: Uint8Array, where: string): AnyTokenizer {
  if (isJson(bytes)) return loadJson(decodeText(bytes, where, invalid));
  if (isModel(bytes)) return loadSentencePiece(bytes);
  if (!isVocabulary(bytes))
    throw damaged(
      'it is no SentencePiece .model, no tokenizer.json and no vocab.txt, which has a line [UNK]',
    );
  return new WordPieceTokenizer(wordPieceOfFiles(bytes, new TokenizerConfig({})));
}

function loadFiles(files: TokenizerFiles): AnyTokenizer {
  const [model, json, words, pieces, merges, settings] = (
    ['model', 'json', 'wordPieces', 'bytePieces', 'merges', 'config'] as const
  ).map(name => files.get(FILE_NAMES[name]));
  const config = settings === undefined ? new TokenizerConfig({}) : TokenizerConfig.read(settings);
  if (json !== undefined) return loadJson(decodeText(json, FILE_NAMES.json, invalid), config);
  if (model !== undefined) return loadSentencePiece(model);
  if (words !== undefined) return new WordPieceTokenizer(wordPieceOfFiles(words, config));
  if (pieces !== undefined && merges !== undefined)
    return new ByteBpeTokenizer(byteBpeOfFiles(pieces, merges, config));
  const missing =
    pieces === undefined && merges === undefined
      ? undefined
      : pieces
        ? FILE_NAMES.merges
        : FILE_NAMES.bytePieces;
  throw new TokenizerError(
    'TOKENIZER_INVALID',
    missing === undefined
      ? 'there is no tokenizer: no tokenizer.json, tokenizer.model or vocab.txt, and no vocab.json with merges.txt'
      : `${missing} is missing; vocab.json and merges.txt are one tokenizer together`,
  );
}

function loadJson(text: string, config?: TokenizerConfig): AnyTokenizer {
  const file = objectOf(parseJson(text, 'the file', unusable), 'the file');
  if (file.model === undefined)
    throw unusable('it has no model; a vocab.json is read together with its merges.txt');
  const model = objectOf(file.model, 'model');
  if (
    model.type === 'WordPiece' ||
    (model.type === undefined && model.max_input_chars_per_word !== undefined)
  )
    return createTokenizer(withConfig(readWordPieceJson(file), config));
  if (isByteLevel(file)) return createTokenizer(withConfig(readByteBpeJson(file), config));
  return new SentencePieceTokenizer(readTokenizerJson(text));
}

function withConfig<M extends WordPieceModel | ByteBpeModel>(
  model: M,
  config: TokenizerConfig | undefined,
): M {
  return config === undefined ? model : configured(model, config);
}

/** A .model begins with the tag of a field, JSON with a brace, white space before it, or a byte order mark. */
function isJson(bytes: Uint8Array): boolean {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 100));
  return /^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*\{/.test(head);
}

/** The tags of a .model's fields, at its beginning, are control characters, which no vocab.txt begins with. */
function isModel(bytes: Uint8Array): boolean {
  return (
    bytes.length === 0 ||
    bytes[0]! < 0x20 ||
    !new TextDecoder('latin1').decode(bytes.subarray(0, 2 ** 20)).includes('\n')
  );
}

/** Any text is a list of lines; that of WordPiece has the unknown token. */
function isVocabulary(bytes: Uint8Array): boolean {
  return /^\[UNK\]\r?$/m.test(new TextDecoder('latin1').decode(bytes));
}
