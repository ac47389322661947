import { Tokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SentencePieceTokenizer } from '../tokenizer';
import { pieceType, type TokenizerModel } from '../vocabulary';
import { readTokenizerJson } from './read-tokenizer-json';
import { bpe, bytes, messageOf, normalizer, piece, unigram, written } from './test-files';
import { writeTokenizerJson } from './write-tokenizer-json';

const { userDefined, unused } = pieceType;
const reread = (model: TokenizerModel) => readTokenizerJson(writeTokenizerJson(model));
/** Without the scores, of which only the order is kept. */
const unscored = (model: TokenizerModel) => ({
  ...model,
  pieces: model.pieces.map(({ text, type }) => ({ text, type })),
});

describe('a model that is written and read again', () => {
  const settings = fc.record({
    addDummyPrefix: fc.boolean(),
    removeExtraWhitespaces: fc.boolean(),
    escapeWhitespaces: fc.boolean(),
    charMap: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  });
  it.each([unigram, bpe])('is the same ($algorithm), with every setting and byte fallback', model => {
    fc.assert(
      fc.property(settings, fc.boolean(), (changes, byteFallback) => {
        const changed = {
          ...model,
          pieces: byteFallback ? [...model.pieces, ...bytes] : model.pieces,
          byteFallback,
          normalizer: { ...normalizer, ...changes, name: 'user_defined' },
        };
        const forget = model.algorithm === 'bpe' ? unscored : (same: TokenizerModel) => same;
        expect(forget(reread(changed))).toEqual(forget(changed));
      }),
      { numRuns: 40 },
    );
  });

  it('keeps user-defined pieces with each setting that can be expressed', () => {
    const pieces = [...unigram.pieces, piece('<ud>', 0, userDefined)];
    for (const addDummyPrefix of [true, false])
      for (const removeExtraWhitespaces of [true, false]) {
        const model = {
          ...unigram,
          pieces,
          normalizer: { ...normalizer, addDummyPrefix, removeExtraWhitespaces },
        };
        expect(reread(model)).toEqual(model);
      }
  });

  it('merges in the same order', () => {
    const ids = ['abab', 'c abab', 'aabbaba', 'cc  ab '].map(text => [
      ...new SentencePieceTokenizer(bpe).encode(text),
    ]);
    const again = new SentencePieceTokenizer(reread(bpe));
    expect(['abab', 'c abab', 'aabbaba', 'cc  ab '].map(text => [...again.encode(text)])).toEqual(ids);
  });
});

describe('ids that Hugging Face gives for a written file', () => {
  const ids = (model: TokenizerModel, text: string) =>
    new Tokenizer(written(model), {}).encode(text, { add_special_tokens: false }).ids;

  it.each([
    [unigram, '  ab  ca x ', [10, 4, 11, 4, 0]],
    [unigram, 'ab\nab', [10, 0, 5, 6]],
    [unigram, 'a▁', [4, 5]],
    [unigram, '   ', []],
    [bpe, 'abab c', [6, 4, 5]],
    [bpe, 'cabab', [5, 8]],
    [bpe, 'xyc', [9, 0, 12]],
  ] as const)('are those of SentencePiece (%#)', (model, text, expected) => {
    expect(ids(model, text)).toEqual([...expected]);
    expect([...new SentencePieceTokenizer(model).encode(text)]).toEqual([...expected]);
  });

  it('keep double spaces where SentencePiece does', () => {
    const kept = { ...bpe, normalizer: { ...normalizer, removeExtraWhitespaces: false } };
    expect(ids(kept, ' ab  c')).toEqual([9, 6, 9, 5]);
    expect([...new SentencePieceTokenizer(kept).encode(' ab  c')]).toEqual([9, 6, 9, 5]);
  });
});

describe('what cannot be written', () => {
  const message = (changes: Partial<TokenizerModel>, model = unigram) =>
    messageOf(() => writeTokenizerJson({ ...model, ...changes }));
  it.each([
    ['treat_whitespace_as_suffix', message({ whitespaceSuffix: true })],
    ['a denormalizer', message({ denormalizer: { ...normalizer, charMap: Uint8Array.of(1) } })],
    ['the unused piece "z"', message({ pieces: [...unigram.pieces, piece('z', -9, unused)] })],
    ['"none" as bos, which is told by its name (<s>', message({ special: { ...unigram.special, bos: -1 } })],
    [
      'escape_whitespaces = false together with add_dummy_prefix and user-defined pieces',
      message({
        pieces: [...unigram.pieces, piece('<ud>', 0, userDefined)],
        normalizer: { ...normalizer, escapeWhitespaces: false },
      }),
    ],
    [
      'the user-defined piece "u d" with a space',
      message({ pieces: [...unigram.pieces, piece('u d', 0, userDefined)] }),
    ],
    [
      'the same score for the BPE pieces "ab" and "ca"',
      message({ pieces: [...bpe.pieces, piece('ca')] }, bpe),
    ],
    [
      'the BPE piece "ad" while its character "d" is no piece',
      message({ pieces: [...bpe.pieces, piece('ad', -20)] }, bpe),
    ],
    ['the BPE piece "aaaa', message({ pieces: [...bpe.pieces, piece('a'.repeat(1001), -20)] }, bpe)],
  ])('%s', (what, error) => {
    expect(error).toContain(`a tokenizer.json cannot express ${what}`);
  });
});
