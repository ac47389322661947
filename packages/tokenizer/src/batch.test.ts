import { ConfigError, type SpecialTokens, type Tokenizer, TokenizerError } from '@simvlm/core';
import { describe, expect, it } from 'vitest';
import { type Batch, type BatchOptions, encodeBatch } from './batch';
import { modelOf, piece } from './models.test-util';
import { withSpecialTokens } from './special-tokens';
import { SentencePieceTokenizer } from './tokenizer';

const special = { unk: 0, bos: 1, eos: 2, pad: 3 };
/** A tokenizer whose texts are their ids. */
const tokenizerOf = (special: SpecialTokens): Tokenizer => ({
  vocabSize: 100,
  special,
  encode: text => Int32Array.from(text.split(' ').filter(Boolean), Number),
  decode: ids => Array.from(ids).join(' '),
});
const texts = ['10 11 12 13', '', '20 21'];
const collated = (options: BatchOptions, given = texts, ids: SpecialTokens = special) =>
  encodeBatch(tokenizerOf(ids), given, options);

/** A batch as rows. */
function rows({ ids, shape: [count, length] }: Batch): number[][] {
  expect(ids.length).toBe(count * length);
  return Array.from({ length: count }, (_, b) => [...ids.subarray(b * length, (b + 1) * length)]);
}

/** What an error says. */
function messageOf(action: () => unknown, type: typeof ConfigError | typeof TokenizerError): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(type);
    return (error as Error).message;
  }
  return 'nothing is wrong';
}

describe('a batch', () => {
  it('is as wide as its longest row, and says how long each is', () => {
    const batch = collated({});
    expect(batch.shape).toEqual([3, 4]);
    expect(rows(batch)).toEqual([
      [10, 11, 12, 13],
      [3, 3, 3, 3],
      [20, 21, 3, 3],
    ]);
    expect(batch.lengths).toEqual(Int32Array.of(4, 0, 2));
    expect(batch.ids).toBeInstanceOf(Int32Array);
  });

  it('is as wide as asked', () => {
    expect(rows(collated({ length: 6, addBos: true }))).toEqual([
      [1, 10, 11, 12, 13, 3],
      [1, 3, 3, 3, 3, 3],
      [1, 20, 21, 3, 3, 3],
    ]);
  });

  it('has its padding where it is asked', () => {
    const batch = collated({ pad: 'start', addEos: true });
    expect(rows(batch)).toEqual([
      [10, 11, 12, 13, 2],
      [3, 3, 3, 3, 2],
      [3, 3, 20, 21, 2],
    ]);
    expect(batch.lengths).toEqual(Int32Array.of(5, 1, 3));
    expect(rows(collated({ pad: 'end' }))).toEqual(rows(collated({})));
  });

  it.each<[string, BatchOptions, number[]]>([
    ['the end of a text is cut', { maxLength: 3 }, [10, 11, 12]],
    ['or its start', { maxLength: 3, truncate: 'start' }, [11, 12, 13]],
    ['the end is cut before the end token', { maxLength: 4, addBos: true, addEos: true }, [1, 10, 11, 2]],
    [
      'the start behind the begin token',
      { maxLength: 4, addBos: true, addEos: true, truncate: 'start' },
      [1, 12, 13, 2],
    ],
    ['nothing is left where only special tokens fit', { maxLength: 2, addBos: true, addEos: true }, [1, 2]],
    ['also when the start is cut', { maxLength: 1, addEos: true, truncate: 'start' }, [2]],
    ['what fits just so stays', { maxLength: 6, addBos: true, addEos: true }, [1, 10, 11, 12, 13, 2]],
    ['a length is no reason to cut', { length: 5, maxLength: 9, addEos: true }, [10, 11, 12, 13, 2]],
  ])('%s', (_, options, row) => expect(rows(collated(options, [texts[0]!]))).toEqual([row]));

  it('of rows that fit needs no pad token', () => {
    const none = { unk: 0, bos: -1, eos: -1, pad: -1 };
    expect(rows(collated({ maxLength: 2 }, ['5 6 7', '8 9'], none))).toEqual([
      [5, 6],
      [8, 9],
    ]);
  });

  it('of no texts, and of empty ones, is empty', () => {
    expect(collated({}, [])).toEqual({ ids: new Int32Array(0), lengths: new Int32Array(0), shape: [0, 0] });
    expect(collated({ length: 4 }, []).shape).toEqual([0, 4]);
    expect(collated({}, ['', ''])).toEqual({
      ids: new Int32Array(0),
      lengths: Int32Array.of(0, 0),
      shape: [2, 0],
    });
    expect(rows(collated({ length: 2 }, ['', '']))).toEqual([
      [3, 3],
      [3, 3],
    ]);
  });

  it('does not change the ids that the tokenizer gave', () => {
    const given = Int32Array.of(5, 6, 7);
    const tokenizer = { ...tokenizerOf(special), encode: () => given };
    encodeBatch(tokenizer, ['', ''], { maxLength: 2, addBos: true }).ids.fill(9);
    encodeBatch(tokenizer, ['']).ids.fill(9);
    expect(given).toEqual(Int32Array.of(5, 6, 7));
  });

  it('of a tokenizer holds the ids of its texts', () => {
    const tokenizer = new SentencePieceTokenizer(modelOf([piece('a', -1), piece('b', -2)]));
    const batch = encodeBatch(tokenizer, ['ab', '', 'b?'], { addBos: true, addEos: true });
    expect(rows(batch)).toEqual([
      [1, 4, 5, 2],
      [1, 2, 3, 3],
      [1, 5, 0, 2],
    ]);
    expect(encodeBatch(tokenizer, []).shape).toEqual([0, 0]);
  });
});

describe('is refused, with what to do', () => {
  it.each<[string, keyof typeof special, BatchOptions]>([
    ['pad', 'pad', {}],
    ['pad', 'pad', { length: 9 }],
    ['bos', 'bos', { addBos: true }],
    ['eos', 'eos', { addEos: true }],
  ])('a missing %s token', (name, key, options) => {
    const message = messageOf(() => collated(options, texts, { ...special, [key]: -1 }), TokenizerError);
    expect(message).toBe(
      `the model has no ${name} token; add one with withSpecialTokens(model), or do without`,
    );
  });

  it('and what it says to do helps', () => {
    const bare = modelOf([piece('a', -1)]);
    const model = {
      ...bare,
      pieces: [bare.pieces[0]!, bare.pieces[4]!],
      special: { unk: 0, bos: -1, eos: -1, pad: -1 },
    };
    const options = { addBos: true, addEos: true };
    expect(() => encodeBatch(new SentencePieceTokenizer(model), ['a', 'aa'], options)).toThrow(
      TokenizerError,
    );
    const { ids } = encodeBatch(new SentencePieceTokenizer(withSpecialTokens(model)), ['a', 'aa'], options);
    expect([...ids]).toEqual([3, 1, 4, 2, 3, 1, 1, 4]);
  });

  it('and does nothing to a model that has all', () => {
    expect(withSpecialTokens(modelOf([piece('a', -1)]))).toEqual(modelOf([piece('a', -1)]));
  });

  it('a row that is too long', () => {
    expect(messageOf(() => collated({ length: 4, addBos: true }), ConfigError)).toBe(
      'encodeBatch: a row of 5 tokens does not fit length 4; pass maxLength: 4 to cut it',
    );
    expect(rows(collated({ length: 4, addBos: true, maxLength: 4 }))[0]).toEqual([1, 10, 11, 12]);
  });

  it('room for nothing but a part of the special tokens', () => {
    expect(messageOf(() => collated({ maxLength: 1, addBos: true, addEos: true }), ConfigError)).toBe(
      'encodeBatch: maxLength 1 leaves no room for the special tokens',
    );
  });

  it.each<[object, string]>([
    [
      { maxLen: 3 },
      'encodeBatch: unknown key "maxLen"; allowed: addBos, addEos, maxLength, truncate, length, pad',
    ],
    [{ maxLength: 0 }, '"maxLength" must be an integer ≥ 1, got 0'],
    [{ maxLength: 2.5 }, '"maxLength" must be an integer ≥ 1, got 2.5'],
    [{ length: -1 }, '"length" must be an integer ≥ 0, got -1'],
    [{ pad: 'left' }, '"pad" must be one of end, start, got "left"'],
    [{ truncate: 'middle' }, '"truncate" must be one of end, start, got "middle"'],
    [{ addBos: 1 }, '"addBos" must be true or false, got 1'],
  ])('%j', (options, message) => {
    expect(messageOf(() => collated(options), ConfigError)).toContain(message);
  });
});
