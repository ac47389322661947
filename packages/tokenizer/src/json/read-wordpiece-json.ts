import type { BertText, WordPieceModel } from '../subword/subword-model';
import {
  booleanOf,
  type JsonObject,
  objectOf,
  shown,
  stepsOf,
  textOf,
  unsupported,
  unusable,
} from './json-value';
import { readAddedTokens } from './read-added-tokens';
import { readVocabulary } from './read-vocabulary';
import { readSubwordSpecialIds } from './special-ids';

/**
 * A WordPiece tokenizer.json: BertNormalizer or none, BertPreTokenizer, the decoder WordPiece. Padding, truncation and post_processor are
 * not applied; the tokens of the last say what begins and ends a text, where their names do not.
 *
 * @throws TokenizerError for what is not supported, by name
 */
export function readWordPieceJson(file: JsonObject): WordPieceModel {
  const model = objectOf(file.model, 'model');
  const vocabulary = readVocabulary(model.vocab, what => unusable(`model.vocab: ${what}`));
  const added = readAddedTokens(file.added_tokens);
  const normalized = added.find(token => token.normalized);
  if (normalized !== undefined)
    throw unusable(
      `the added token ${shown(normalized.text)} has normalized, which is not supported for WordPiece`,
    );
  const prefix = textOf(model.continuing_subword_prefix ?? '##', 'model.continuing_subword_prefix');
  const unk = vocabulary.indexOf(textOf(model.unk_token ?? '[UNK]', 'model.unk_token'));
  if (unk < 0) throw unusable('model.unk_token is no piece');
  const most = model.max_input_chars_per_word ?? 100;
  if (!Number.isInteger(most) || (most as number) < 0)
    throw unusable('model.max_input_chars_per_word is no whole number from 0 on');
  checkWords(file);
  return {
    algorithm: 'wordpiece',
    vocabulary,
    added,
    special: readSubwordSpecialIds(vocabulary, added, unk, file.post_processor),
    text: readBertText(file.normalizer),
    prefix,
    maxWordLength: most as number,
    decoding: { joinPunctuation: readDecoder(file.decoder, prefix), cleanUpSpaces: false },
  };
}

function readBertText(value: unknown): BertText {
  const steps = stepsOf(value, 'normalizer', 'normalizers');
  if (steps.length === 0)
    return { cleanText: false, chineseCharacters: false, stripAccents: false, lowercase: false };
  const [step] = steps as [JsonObject];
  if (steps.length > 1 || step.type !== 'BertNormalizer')
    throw unsupported(
      'normalizer',
      steps.find(({ type }) => type !== 'BertNormalizer') ?? step,
      'one BertNormalizer',
    );
  const is = (name: string) => booleanOf(step[name], `normalizer.${name}`, true);
  const lowercase = is('lowercase');
  return {
    cleanText: is('clean_text'),
    chineseCharacters: is('handle_chinese_chars'),
    stripAccents:
      step.strip_accents === null
        ? lowercase
        : booleanOf(step.strip_accents, 'normalizer.strip_accents', lowercase),
    lowercase,
  };
}

function checkWords(file: JsonObject): void {
  const steps = stepsOf(file.pre_tokenizer, 'pre_tokenizer', 'pretokenizers');
  if (steps.length === 0) throw unusable('the pre_tokenizer null is not supported (only BertPreTokenizer)');
  const other = steps.find(({ type }) => type !== 'BertPreTokenizer');
  if (other !== undefined) throw unsupported('pre_tokenizer', other, 'BertPreTokenizer');
}

/** Whether it joins punctuation. */
function readDecoder(value: unknown, prefix: string): boolean {
  if (value === null || value === undefined)
    throw unusable('the decoder null is not supported (only WordPiece)');
  const decoder = objectOf(value, 'decoder');
  if (decoder.type !== 'WordPiece') throw unsupported('decoder', decoder, 'WordPiece');
  if ((decoder.prefix ?? '##') !== prefix)
    throw unusable(`decoder.prefix is not ${shown(prefix)}, which the pieces of the model have`);
  return booleanOf(decoder.cleanup, 'decoder.cleanup', true);
}
