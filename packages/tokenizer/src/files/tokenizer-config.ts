import { parseJsonObject, type SpecialTokens } from '@simvlm/core';
import { shown } from '../damaged';
import type { AddedToken, ByteBpeModel, WordPieceModel } from '../subword/subword-model';
import { FILE_NAMES, invalid } from './file-error';

type Config = Readonly<Record<string, unknown>>;

/** What a `tokenizer_config.json` says, read when it is asked for. */
export class TokenizerConfig {
  readonly #values: Config;

  constructor(values: Config) {
    this.#values = values;
  }

  static read(bytes: Uint8Array): TokenizerConfig {
    return new TokenizerConfig(parseJsonObject(bytes, FILE_NAMES.config, invalid));
  }

  /** A boolean, or `missing` where there is none. */
  is(key: string, missing: boolean): boolean {
    const value = this.#values[key] ?? missing;
    if (typeof value !== 'boolean') throw fail(`"${key}" is ${kindOf(value)} instead of true or false`);
    return value;
  }

  /** The text of a special token: null says that there is none, undefined that it says nothing of it. */
  token(key: string): string | null | undefined {
    if (!Object.hasOwn(this.#values, key)) return undefined;
    const value = this.#values[key];
    if (value === null || typeof value === 'string') return value;
    const { content } = objectOf(value, `"${key}"`);
    if (typeof content !== 'string') throw fail(`"${key}" has no content`);
    return content;
  }

  /** The tokens of `added_tokens_decoder`. */
  added(): AddedToken[] {
    const list = objectOf(this.#values.added_tokens_decoder ?? {}, '"added_tokens_decoder"');
    return Object.entries(list).map(([id, value]) => {
      const where = `"added_tokens_decoder.${id.slice(0, 20)}"`;
      const token = objectOf(value, where);
      if (!/^\d{1,10}$/.test(id)) throw fail(`${where} is no id`);
      if (typeof token.content !== 'string' || token.content === '') throw fail(`${where} has no content`);
      const is = (flag: string) => {
        if (token[flag] !== undefined && typeof token[flag] !== 'boolean')
          throw fail(`${where}: ${flag} is ${kindOf(token[flag])} instead of true or false`);
        return token[flag] === true;
      };
      return {
        id: Number(id),
        text: token.content,
        special: is('special'),
        singleWord: is('single_word'),
        stripLeft: is('lstrip'),
        stripRight: is('rstrip'),
        normalized: is('normalized'),
      };
    });
  }
}

/** Special tokens under the names that the two families give them; a later one holds where an earlier says nothing. */
const KEYS = {
  pad: ['pad_token'],
  bos: ['bos_token', 'cls_token'],
  eos: ['eos_token', 'sep_token'],
  unk: ['unk_token'],
} as const;

/** Ids of the special tokens that a configuration names; those that it says nothing of are as in `usual`. */
export function configuredSpecial(
  config: TokenizerConfig,
  idOf: (text: string) => number | undefined,
  usual: SpecialTokens,
): SpecialTokens {
  const entries = Object.entries(KEYS).map(([name, keys]) => {
    const texts = keys.map(key => config.token(key));
    const text = texts.find(given => typeof given === 'string');
    if (text === undefined || text === null)
      return [name, texts.some(given => given === null) ? -1 : usual[name as keyof SpecialTokens]];
    const id = idOf(text);
    if (id === undefined) throw fail(`the ${name} token ${shown(text)} is no piece`);
    return [name, id];
  });
  return Object.fromEntries(entries) as unknown as SpecialTokens;
}

/** What a `tokenizer.json` does not say of a model: its special tokens, and how spaces are cleaned up. */
export function writeTokenizerConfig(model: WordPieceModel | ByteBpeModel): string {
  const texts = new Map(model.vocabulary.map((text, id) => [id, text]));
  for (const { id, text } of model.added) texts.set(id, text);
  const text = (id: number) => texts.get(id) ?? null;
  const { pad, bos, eos, unk } = model.special;
  const config =
    model.algorithm === 'wordpiece'
      ? {
          tokenizer_class: isBerts(model) ? 'BertTokenizer' : 'PreTrainedTokenizerFast',
          do_lower_case: model.text.lowercase,
          strip_accents: model.text.stripAccents,
          tokenize_chinese_chars: model.text.chineseCharacters,
          clean_up_tokenization_spaces: model.decoding.cleanUpSpaces,
          ...{ pad_token: text(pad), cls_token: text(bos), sep_token: text(eos), unk_token: text(unk) },
          mask_token: model.added.find(({ text }) => text === '[MASK]')?.text ?? null,
        }
      : {
          tokenizer_class: 'GPT2Tokenizer',
          add_prefix_space: model.prefixSpace,
          clean_up_tokenization_spaces: false,
          ...{ pad_token: text(pad), bos_token: text(bos), eos_token: text(eos), unk_token: text(unk) },
        };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Whether transformers' BertTokenizer is like it: what it cannot be told stands in the tokenizer.json alone. */
function isBerts({ text, prefix, maxWordLength, decoding }: WordPieceModel): boolean {
  return text.cleanText && prefix === '##' && maxWordLength === 100 && decoding.joinPunctuation;
}

function objectOf(value: unknown, name: string): Config {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fail(`${name} is ${kindOf(value)} instead of an object`);
  return value as Config;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'an array' : value === null ? 'null' : typeof value;
}

function fail(what: string): Error {
  return invalid(`${FILE_NAMES.config}: ${what}`);
}
