import type { ByteBpeModel, WordPieceModel } from '../subword/subword-model';
import { configuredSpecial, type TokenizerConfig } from './tokenizer-config';

/** A model as its `tokenizer_config.json` wants it, which has the last word. */
export function configured<M extends WordPieceModel | ByteBpeModel>(model: M, config: TokenizerConfig): M {
  const ids = new Map(model.vocabulary.map((text, id) => [text, id]));
  for (const { text, id } of model.added) ids.set(text, id);
  const special = configuredSpecial(config, text => ids.get(text), model.special);
  const changed: WordPieceModel | ByteBpeModel =
    model.algorithm === 'wordpiece'
      ? { ...configuredWordPiece(model, config), special: { ...special, unk: model.special.unk } }
      : { ...model, special, prefixSpace: config.is('add_prefix_space', model.prefixSpace) };
  return changed as M;
}

function configuredWordPiece(model: WordPieceModel, config: TokenizerConfig): WordPieceModel {
  const { text, decoding } = model;
  const lowercase = config.is('do_lower_case', text.lowercase);
  return {
    ...model,
    text: {
      ...text,
      lowercase,
      // Where nothing is said of accents, they go with the capitals.
      stripAccents: config.is('strip_accents', lowercase === text.lowercase ? text.stripAccents : lowercase),
      chineseCharacters: config.is('tokenize_chinese_chars', text.chineseCharacters),
    },
    decoding: {
      ...decoding,
      cleanUpSpaces: config.is('clean_up_tokenization_spaces', decoding.cleanUpSpaces),
    },
  };
}
