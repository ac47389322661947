import { Random, TokenizerError } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCharMap } from '../normalizer/compile-char-map';
import { SentencePieceTokenizer } from '../tokenizer';
import { bytePiece, type Piece, pieceType, type TokenizerModel } from '../vocabulary';
import { readModel } from './read-model';
import { writeModel } from './write-model';

const charMap = compileCharMap(new Map(Object.entries({ ﬁ: 'fi', '①': '1', '\t': ' ', Ａ: 'A' })));
const settings = { addDummyPrefix: true, removeExtraWhitespaces: true, escapeWhitespaces: true };

/** A small model of every kind of piece. */
function sample(change: Partial<TokenizerModel> = {}): TokenizerModel {
  const piece = (text: string, score: number, type: Piece['type'] = pieceType.normal): Piece => ({
    text,
    score,
    type,
  });
  const texts = ['▁', 'a', 'b', '▁a', 'ab', '▁ab', '中', '😀'];
  return {
    algorithm: 'unigram',
    pieces: [
      piece('<pad>', 0, pieceType.control),
      piece('<unk>', 0, pieceType.unknown),
      piece('<s>', 0, pieceType.control),
      piece('</s>', 0, pieceType.control),
      piece('<image>', 0, pieceType.userDefined),
      ...Array.from({ length: 256 }, (_, byte) => piece(bytePiece(byte), 0, pieceType.byte)),
      ...texts.map((text, i) => piece(text, Math.fround(-1 - i / 3))),
      piece('bb', -9, pieceType.unused),
    ],
    special: { pad: 0, unk: 1, bos: 2, eos: 3 },
    normalizer: { name: 'nmt_nfkc', charMap, ...settings },
    byteFallback: true,
    whitespaceSuffix: false,
    unknownSurface: ' \u2047 ',
    ...change,
  };
}

const text = 'a ▁b\0é😀<image>ﬁ\ud800 ab  中';

/** Either refused with a typed error, or a tokenizer that does its work on any text and any ids. */
function expectSafe(bytes: Uint8Array): 'refused' | 'used' {
  let tokenizer: SentencePieceTokenizer;
  try {
    tokenizer = new SentencePieceTokenizer(readModel(bytes));
  } catch (error) {
    if (!(error instanceof TokenizerError)) throw error;
    expect(error.message).toMatch(/^not a usable tokenizer model: [^\n]+$/);
    return 'refused';
  }
  const ids = tokenizer.encode(text);
  for (const id of ids) expect(id).toBeLessThan(tokenizer.vocabSize);
  expect(typeof tokenizer.decode(ids)).toBe('string');
  expect(tokenizer.encodeWithOffsets(text).ids).toEqual(ids);
  return 'used';
}

describe('a .model file', () => {
  const algorithms = fc.constantFrom<TokenizerModel['algorithm']>('unigram', 'bpe');

  it('gives the model back that it was written from', () => {
    fc.assert(
      fc.property(
        algorithms,
        fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 }),
        fc.constantFrom(['pad'], ['bos', 'eos'], []),
        (algorithm, flags, scores, without) => {
          const model = sample();
          const pieces = [
            ...model.pieces,
            ...scores.map((score, i): Piece => ({ text: `x${i}é`, score, type: pieceType.normal })),
          ].map(piece =>
            without.some(name => piece.text === { pad: '<pad>', bos: '<s>', eos: '</s>' }[name])
              ? { ...piece, type: pieceType.userDefined }
              : piece,
          );
          const special = { ...model.special, ...Object.fromEntries(without.map(name => [name, -1])) };
          const [addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces, whitespaceSuffix, other] =
            flags as boolean[];
          const normalizer = {
            ...{ name: 'x', charMap: other ? charMap : new Uint8Array(0) },
            ...{ addDummyPrefix: !!addDummyPrefix, removeExtraWhitespaces: !!removeExtraWhitespaces },
            escapeWhitespaces: !!escapeWhitespaces,
          };
          const written: TokenizerModel = {
            ...{ algorithm, pieces, special, normalizer, byteFallback: true },
            ...{ whitespaceSuffix: !!whitespaceSuffix, unknownSurface: other ? '?' : '' },
            ...(other ? { denormalizer: { ...normalizer, charMap } } : {}),
          };
          expect(readModel(writeModel(written))).toEqual(written);
        },
      ),
    );
  });

  const files = [writeModel(sample()), writeModel(sample({ algorithm: 'bpe' }))];

  it('is refused, or used as what it still is, wherever it is cut off', () => {
    const results = { refused: 0, used: 0 };
    for (const file of files)
      for (let length = 0; length < file.length; length += 3) results[expectSafe(file.subarray(0, length))]++;
    // The last field is the normaliser: much of a model can do without it.
    expect(results.refused).toBeGreaterThan(1000);
  });

  it('is refused, or used, whatever is changed, put in, taken out or doubled', () => {
    const results = { refused: 0, used: 0 };
    for (let seed = 0; seed < 3000; seed++) {
      const random = Random.fromSeed(seed);
      let bytes = [...files[seed % 2]!];
      for (let changes = 1 + random.integer(4); changes > 0; changes--) {
        // Half of the changes go to the part behind the byte pieces, which is short and holds the most.
        const at =
          random.integer(2) === 0
            ? random.integer(bytes.length)
            : bytes.length - 1 - random.integer(Math.min(700, bytes.length));
        const kind = random.integer(5);
        if (kind === 0) bytes[at] = random.integer(256);
        else if (kind === 1) bytes[at]! ^= 1 << random.integer(8);
        else if (kind === 2) bytes.splice(at, 1 + random.integer(8));
        else if (kind === 3)
          bytes.splice(at, 0, ...Array.from({ length: 1 + random.integer(8) }, () => random.integer(256)));
        else bytes = [...bytes.slice(0, at), ...bytes.slice(Math.max(0, at - random.integer(50)))];
      }
      results[expectSafe(Uint8Array.from(bytes))]++;
    }
    expect(results.refused).toBeGreaterThan(300);
    expect(results.used).toBeGreaterThan(40);
  });

  it('that claims more than it has, or is made of anything, is refused at once', () => {
    const claims = [
      // A piece of 4 GiB, of 2^63 bytes, and a varint without an end.
      [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
      [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
      Array<number>(30).fill(0xff),
      [],
    ];
    const random = Random.fromSeed(1);
    const size = 5_000_000;
    const blobs = [
      ...claims.map(claim => Uint8Array.from(claim)),
      new Uint8Array(size),
      new Uint8Array(size).fill(0xff),
      Uint8Array.from({ length: size }, () => random.integer(256)),
    ];
    for (const blob of blobs) expect(expectSafe(blob)).toBe('refused');
  });

  it('of a million empty pieces is refused at the first', () => {
    const file = new Uint8Array(2_000_000);
    for (let i = 0; i < file.length; i += 2) file.set([0x0a, 0x00], i);
    expect(() => readModel(file)).toThrow('a piece in it is empty');
  });

  it('takes at most 40 times its size in memory, also when its pieces are as short as can be', () => {
    const pieces = Array.from({ length: 200_000 }, (_, i): Piece => {
      const letters = String.fromCharCode(
        97 + (i % 26),
        97 + (Math.floor(i / 26) % 26),
        97 + (Math.floor(i / 676) % 26),
      );
      return { text: `${letters}${i}`, score: 0, type: pieceType.normal };
    });
    const file = writeModel(sample({ pieces: [...sample().pieces, ...pieces] }));
    const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    const before = used();
    const tokenizer = new SentencePieceTokenizer(readModel(file));
    expect(used() - before).toBeLessThan(40 * file.length);
    expect(tokenizer.vocabSize).toBe(pieces.length + sample().pieces.length);
  });
});
