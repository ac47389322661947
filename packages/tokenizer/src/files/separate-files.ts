import { parseJson } from '@simvlm/core';
import { shown } from '../damaged';
import { readVocabulary } from '../json/read-vocabulary';
import { controlToken } from '../subword/control-token';
import type { AddedToken, ByteBpeModel, SubwordModel, WordPieceModel } from '../subword/subword-model';
import { configured } from './configure';
import { FILE_NAMES, invalid } from './file-error';
import { readMergesTxt } from './merges-txt';
import type { TokenizerConfig } from './tokenizer-config';
import { readVocabTxt } from './vocab-txt';

/**
 * BERT's files: the pieces of `vocab.txt`, with the settings of the original where the configuration says nothing (lower case, no
 * accents, `[UNK]`, `[CLS]`, `[SEP]`, `[PAD]`, `[MASK]`).
 */
export function wordPieceOfFiles(vocab: Uint8Array, config: TokenizerConfig): WordPieceModel {
  const vocabulary = readVocabTxt(vocab);
  const named = namedTokens(config, {
    unk_token: '[UNK]',
    sep_token: '[SEP]',
    pad_token: '[PAD]',
    cls_token: '[CLS]',
    mask_token: '[MASK]',
    bos_token: null,
    eos_token: null,
  });
  const unknown = named.get('unk_token')!;
  const unk = vocabulary.indexOf(unknown);
  if (unk < 0)
    throw invalid(`${FILE_NAMES.wordPieces}: the unknown token ${shown(unknown)} is no line of it`);
  const base = { vocabulary, added: addedTokens(vocabulary, named, config) };
  const id = (key: string) => idOf(base, named.get(key));
  const model: WordPieceModel = {
    algorithm: 'wordpiece',
    ...base,
    special: { pad: id('pad_token'), bos: id('cls_token'), eos: id('sep_token'), unk },
    text: { cleanText: true, chineseCharacters: true, stripAccents: true, lowercase: true },
    prefix: '##',
    maxWordLength: 100,
    decoding: { joinPunctuation: true, cleanUpSpaces: false },
  };
  return configured(model, config);
}

/** GPT-2's files: the pieces of `vocab.json`, joined as `merges.txt` says; one special token, `<|endoftext|>`, unless the configuration has others. */
export function byteBpeOfFiles(vocab: Uint8Array, merges: Uint8Array, config: TokenizerConfig): ByteBpeModel {
  const vocabulary = readVocabJson(vocab);
  const end = '<|endoftext|>';
  const named = namedTokens(config, { unk_token: end, bos_token: end, eos_token: end, pad_token: null });
  const base = { vocabulary, added: addedTokens(vocabulary, named, config) };
  const id = (key: string) => idOf(base, named.get(key));
  const model: ByteBpeModel = {
    algorithm: 'byte-bpe',
    ...base,
    special: { pad: id('pad_token'), bos: id('bos_token'), eos: id('eos_token'), unk: id('unk_token') },
    merges: readMergesTxt(merges, vocabulary),
    unknown: -1,
    prefixSpace: false,
  };
  return configured(model, config);
}

/** The texts of special tokens by their names in the configuration. */
function namedTokens(
  config: TokenizerConfig,
  usual: Readonly<Record<string, string | null>>,
): Map<string, string> {
  const named = new Map<string, string>();
  for (const [key, missing] of Object.entries(usual)) {
    const given = config.token(key);
    const text = given === undefined ? missing : given;
    if (text !== null) named.set(key, text);
  }
  return named;
}

/** What the configuration lists, and the special tokens of the vocabulary. */
function addedTokens(
  vocabulary: readonly string[],
  named: ReadonlyMap<string, string>,
  config: TokenizerConfig,
): AddedToken[] {
  const added = config.added();
  const listed = new Set(added.map(({ text }) => text));
  for (const text of new Set(named.values())) {
    const id = vocabulary.indexOf(text);
    if (!listed.has(text) && id >= 0) added.push(controlToken(text, id));
  }
  return added;
}

function idOf(
  { vocabulary, added }: Pick<SubwordModel, 'vocabulary' | 'added'>,
  text: string | undefined,
): number {
  if (text === undefined) return -1;
  return added.find(token => token.text === text)?.id ?? vocabulary.indexOf(text);
}

function readVocabJson(bytes: Uint8Array): string[] {
  const value = parseJson(bytes, FILE_NAMES.bytePieces, invalid);
  return readVocabulary(value, what => invalid(`${FILE_NAMES.bytePieces}: ${what}`));
}
