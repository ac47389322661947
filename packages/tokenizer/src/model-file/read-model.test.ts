import { Random, TokenizerError } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadSentencePiece } from '../load-sentencepiece';
import { modelOf, piece, spaces, unused, userDefined } from '../models.test-util';
import { compileCharMap } from '../normalizer/compile-char-map';
import { SentencePieceTokenizer } from '../tokenizer';
import { type NormalizerSettings, pieceType, type TokenizerModel } from '../vocabulary';
import { MODEL, NORMALIZER, PIECE, TRAINER } from './fields';
import { MessageWriter } from './protobuf';
import { readModel } from './read-model';
import { writeModel } from './write-model';

const settings: fc.Arbitrary<NormalizerSettings> = fc.record({
  name: fc.string({ unit: 'binary', maxLength: 6 }),
  charMap: fc.uint8Array({ maxLength: 300 }),
  addDummyPrefix: fc.boolean(),
  removeExtraWhitespaces: fc.boolean(),
  escapeWhitespaces: fc.boolean(),
});
/** A piece of a special token's name need not be that token. */
const text = fc.oneof(
  { arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }), weight: 4 },
  fc.constantFrom('<pad>', '<s>', '</s>', '<pad>_'),
);
const kind = fc.record({
  text,
  score: fc.float({ noNaN: true }),
  type: fc.constantFrom(...Object.values(pieceType)),
});
/** Models of every kind of piece, in any order, with some of the special tokens; they need not be usable. */
const models: fc.Arbitrary<TokenizerModel> = fc
  .record({
    pieces: fc.uniqueArray(kind, { selector: ({ text }) => text, minLength: 1, maxLength: 30 }),
    has: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    rest: fc.record({
      algorithm: fc.constantFrom('unigram' as const, 'bpe' as const),
      normalizer: settings,
      byteFallback: fc.boolean(),
      whitespaceSuffix: fc.boolean(),
      unknownSurface: fc.string({ unit: 'binary', maxLength: 6 }),
    }),
    denormalizer: fc.option(settings.filter(({ charMap }) => charMap.length > 0)),
  })
  .map(({ pieces, has, rest, denormalizer }) => {
    const controls = [...pieces.keys()].filter(id => pieces[id]!.type === pieceType.control);
    const [pad, bos, eos] = has.map((has, which) => (has ? (controls[which] ?? -1) : -1)) as [
      number,
      number,
      number,
    ];
    const unk = pieces.findIndex(({ type }) => type === pieceType.unknown);
    return { ...rest, pieces, special: { pad, bos, eos, unk }, ...(denormalizer && { denormalizer }) };
  });

const charMap = compileCharMap(
  new Map([
    ['é', 'e'],
    ['ﬁ', 'fi'],
    ['\t', ' '],
  ]),
);
const small = modelOf(
  [piece('▁a', -1), piece('▁', -2.5), userDefined('[x]'), unused('ab', -3), piece('b', -4)],
  { normalizer: { ...spaces, charMap }, denormalizer: { ...spaces, charMap, addDummyPrefix: false } },
);
const file = writeModel(small);

const pieceMessage = (text: string, type: number) =>
  new MessageWriter().bytes(PIECE.text, text).float(PIECE.score, -1).varint(PIECE.type, type);
const fileOf = (...pieces: [text: string, type: number][]) => {
  const writer = new MessageWriter();
  for (const [text, type] of pieces) writer.bytes(MODEL.pieces, pieceMessage(text, type));
  return writer;
};

describe('reading', () => {
  it('gives back any model that was written', () => {
    fc.assert(
      fc.property(models, model => {
        expect(readModel(writeModel(model))).toEqual(model);
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same wherever the file lies in memory', () => {
    const padded = new Uint8Array(file.length + 7).fill(0xff);
    padded.set(file, 3);
    expect(readModel(padded.subarray(3, -4))).toStrictEqual(small);
  });

  it('leaves nothing of the file in the model, of a Node.js buffer neither', () => {
    for (const given of [file.slice(), Buffer.from(file)]) {
      const { normalizer } = readModel(given);
      given.fill(0xff);
      expect(Buffer.from(normalizer.charMap).equals(charMap)).toBe(true);
    }
  });

  it('gives the usual settings where the file has pieces alone', () => {
    expect(readModel(fileOf(['<unk>', 2], ['a', 1]).finish())).toStrictEqual({
      algorithm: 'unigram',
      pieces: [piece('<unk>', -1, pieceType.unknown), piece('a', -1)],
      special: { unk: 0, bos: -1, eos: -1, pad: -1 },
      normalizer: { ...spaces, name: '' },
      byteFallback: false,
      whitespaceSuffix: false,
      unknownSurface: ' \u2047 ',
    });
  });

  it('takes the control pieces of the usual or given names for special tokens, whatever ids the file says', () => {
    const special = (names: Partial<Record<'bosPiece' | 'eosPiece', string>>) => {
      const trainer = new MessageWriter().varint(TRAINER.bos, 9).varint(TRAINER.pad, -1);
      for (const [name, text] of Object.entries(names)) trainer.bytes(TRAINER[name as 'bosPiece'], text);
      const pieces = fileOf(['<unk>', 2], ['<s>', 3], ['</s>', 3], ['[B]', 3], ['<pad>', 1]);
      return readModel(pieces.bytes(MODEL.trainer, trainer).finish()).special;
    };
    expect(special({})).toEqual({ unk: 0, bos: 1, eos: 2, pad: -1 });
    expect(special({ bosPiece: '[B]', eosPiece: '' })).toEqual({ unk: 0, bos: 3, eos: 2, pad: -1 });
    expect(special({ eosPiece: '[E]' })).toEqual({ unk: 0, bos: 1, eos: -1, pad: -1 });
  });

  it('passes over a float where a number belongs', () => {
    const trainer = new MessageWriter().float(TRAINER.modelType, 2).float(TRAINER.byteFallback, 1);
    const file = fileOf(['<unk>', 2], ['a', 1]).bytes(MODEL.trainer, trainer).finish();
    expect(readModel(file)).toMatchObject({ algorithm: 'unigram', byteFallback: false });
  });

  it('passes over fields that do not matter, of every kind', () => {
    const more = new MessageWriter()
      .varint(900, 2 ** 40)
      .varint(901, -1)
      .float(902, 1)
      .bytes(903, 'x');
    // Field 100 of eight bytes.
    const fixed = Uint8Array.of(0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8);
    const parts = [more.finish(), fixed, file, fixed, more.finish()];
    expect(readModel(Uint8Array.from(Buffer.concat(parts)))).toStrictEqual(small);
  });

  it('takes the last of a field that stands twice', () => {
    const again = new MessageWriter()
      .varint(NORMALIZER.addDummyPrefix, 1)
      .varint(NORMALIZER.addDummyPrefix, 0);
    const twice = Buffer.concat([file, new MessageWriter().bytes(MODEL.normalizer, again).finish()]);
    expect(readModel(twice).normalizer.addDummyPrefix).toBe(false);
  });

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'it has no pieces'],
    ['an unknown type of piece', fileOf(['a', 7]).finish(), 'the piece "a" has the unknown type 7'],
    [
      'another algorithm',
      fileOf(['a', 1]).bytes(MODEL.trainer, new MessageWriter().varint(TRAINER.modelType, 3)).finish(),
      'model type 3 is not supported (only unigram, 1, and BPE, 2)',
    ],
    [
      'a text that is no UTF-8',
      Uint8Array.of(0x0a, 4, 0x0a, 2, 97, 255),
      'a text in it is not UTF-8: 97 255',
    ],
    ['a field number 0', Uint8Array.of(0x02, 0x00), 'field number 0'],
    ['a score that is cut off', Uint8Array.of(0x0a, 3, 0x15, 1, 2), 'cut off at byte 1'],
    ['a number that is cut off', Uint8Array.of(0x08, 0x80), 'cut off at byte 2'],
    ['a group', Uint8Array.of(0x0b), 'wire type 3'],
    ['a number of more than ten bytes', new Uint8Array(20).fill(0x80), 'has no end'],
    ['a negative length', Uint8Array.of(0x0a, ...Array(9).fill(0xff), 0x01), 'is negative'],
  ])('refuses %s by name', (_, bytes, message) => {
    expect(() => readModel(bytes)).toThrow(TokenizerError);
    expect(() => readModel(bytes)).toThrow(message);
  });
});

describe('a model that contradicts itself', () => {
  const { control, unknown, byte, normal } = pieceType;
  it.each<[string, Parameters<typeof modelOf>[0], Partial<TokenizerModel>]>([
    ['piece 4 is empty', [piece('', -1)], {}],
    ['piece 4 has a zero byte', [piece('a\0', -1)], {}],
    ['the piece "a" stands twice', [piece('a', -1), piece('a', -2)], {}],
    ['the piece "a" has score NaN', [piece('a', Number.NaN)], {}],
    ['the piece "a" has score -Infinity', [piece('a', Number.NEGATIVE_INFINITY)], {}],
    ['it has two unknown tokens', [piece('?', 0, unknown)], {}],
    ['it has no unknown token', [], { pieces: [piece('<s>', 0, control)] }],
    ['it has the byte piece "<0x41>" but no byte fallback', [piece('<0x41>', 0, byte)], {}],
    ['"<0x4a>" is no byte piece', [piece('<0x4a>', 0, byte)], { byteFallback: true }],
    ['it has byte fallback but no piece <0x00>', [], { byteFallback: true, pieces: modelOf([]).pieces }],
    ['two special tokens have the same id', [], { special: { unk: 0, bos: 1, eos: 1, pad: 3 } }],
    [
      'its pad token 4 is no control piece',
      [piece('p', 0, normal)],
      { special: { unk: 0, bos: 1, eos: 2, pad: 4 } },
    ],
  ])('is refused: %s', (message, pieces, changes) => {
    const make = () => new SentencePieceTokenizer(modelOf(pieces, changes));
    expect(make).toThrow(TokenizerError);
    expect(make).toThrow(`not a usable tokenizer model: ${message}`);
  });
});

describe('a hostile file', () => {
  const sample = 'a ▁b\u0000é😀 \ud800';

  /** Refused, or a tokenizer that can be used in every way; nothing else. A loop without an end fails by the test's limit. */
  function expectSafe(bytes: Uint8Array): 'refused' | 'used' {
    let tokenizer: ReturnType<typeof loadSentencePiece>;
    try {
      tokenizer = loadSentencePiece(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(TokenizerError);
      return 'refused';
    }
    const { ids, offsets } = tokenizer.encodeWithOffsets(sample);
    expect([...tokenizer.encode(sample)]).toEqual([...ids]);
    expect(offsets.every(at => at >= 0 && at <= sample.length)).toBe(true);
    tokenizer.decode(ids);
    tokenizer.decode(Array.from({ length: tokenizer.vocabSize }, (_, id) => id));
    tokenizer.sample(sample, { random: Random.fromSeed(1), alpha: 0.5 });
    if (tokenizer.model.algorithm === 'unigram') tokenizer.nBest(sample, 3);
    tokenizer.save();
    return 'used';
  }

  const plain = modelOf([piece('▁a', -1), piece('▁', -2.5), piece('b', -4), userDefined('é')], {
    normalizer: spaces,
  });

  it.each(['unigram', 'bpe'] as const)(
    'with any one bit flipped is refused or a tokenizer: %s',
    algorithm => {
      const results = { refused: 0, used: 0 };
      const bytes = writeModel({ ...plain, algorithm });
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        results[expectSafe(bytes)]++;
        bytes[bit >> 3]! ^= 1 << (bit & 7);
      }
      expect(results.refused).toBeGreaterThan(100);
      expect(results.used).toBeGreaterThan(100);
    },
  );

  it('cut off at any byte is refused or a tokenizer', () => {
    for (let length = 0; length < file.length; length++) expectSafe(file.subarray(0, length));
  });

  it('that claims more than it has is refused before any memory is taken for it', () => {
    for (const size of [2 ** 32 - 1, 2 ** 40, 2 ** 53]) {
      const claim = new MessageWriter().varint(1, size).finish().subarray(1);
      const bytes = Uint8Array.of(0x0a, ...claim, 1, 2, 3, 4);
      const before = process.memoryUsage().arrayBuffers;
      expect(() => loadSentencePiece(bytes)).toThrow('cut off');
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
    }
  });
});
