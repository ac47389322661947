import { TokenizerError } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { control, FIRST, modelOf, piece, spaces, userDefined } from './models.test-util';
import { compileCharMap } from './normalizer/compile-char-map';
import { SentencePieceTokenizer } from './tokenizer';
import { bytePiece, pieceType, SPACE, type TokenizerModel } from './vocabulary';

const pieces = ['▁', '▁a', 'b', '▁▁c', 'd▁', '😀', 'é', '▁é'].map((text, i) => piece(text, -1 - i));
const more = [userDefined('▁[x]'), control('<c>')];
const bytes = modelOf([...pieces, ...more], { byteFallback: true, normalizer: spaces });

const idsOf = (model: TokenizerModel, texts: readonly string[]) =>
  texts.map(text => model.pieces.findIndex(piece => piece.text === text));
const decode = (model: TokenizerModel, ...texts: string[]) =>
  new SentencePieceTokenizer(model).decode(idsOf(model, texts));
const spelled = (text: string) => [...Buffer.from(text)].map(bytePiece);
const withSpaces = (addDummyPrefix: boolean, removeExtraWhitespaces: boolean) => ({
  ...bytes,
  normalizer: { ...spaces, addDummyPrefix, removeExtraWhitespaces },
});

/** UTF-8 by trial: the character that a strict decoder reads, or U+FFFD for one byte. */
function readUtf8(given: readonly number[]): string {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  for (let at = 0; at < given.length; ) {
    let size = Math.min(4, given.length - at);
    let character: string | undefined;
    for (; size > 0 && character === undefined; size--)
      try {
        const read = strict.decode(Uint8Array.from(given.slice(at, at + size)));
        if ([...read].length === 1) character = read;
      } catch {}
    text += character ?? '\uFFFD';
    at += character === undefined ? 1 : size + 1;
  }
  return text;
}

/** What ids stand for, all at once: pieces with spaces, runs of bytes as UTF-8, and no space at the beginning. */
function reference(model: TokenizerModel, ids: readonly number[]): string {
  let text = '';
  for (let i = 0; i < ids.length; ) {
    const run: number[] = [];
    for (; i < ids.length && model.pieces[ids[i]!]!.type === pieceType.byte; i++)
      run.push(Number(model.pieces[ids[i]!]!.text.slice(1, -1)));
    text += readUtf8(run);
    if (i === ids.length) break;
    const piece = model.pieces[ids[i++]!]!;
    if (piece.type === pieceType.control) continue;
    const surface =
      piece.type === pieceType.unknown ? model.unknownSurface : piece.text.replaceAll(SPACE, ' ');
    text += text === '' && piece.text.startsWith(SPACE) ? surface.slice(1) : surface;
  }
  return text;
}

const anyId = fc.nat(bytes.pieces.length - 1);
/** Ids of the bytes of a character, often not all of them. */
const character = fc
  .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.nat(4), fc.nat(4))
  .map(([text, from, to]) =>
    idsOf(bytes, spelled(text).slice(from === 4 ? 1 : 0, to === 0 ? -1 : undefined)),
  );
const manyIds = fc
  .array(
    fc.oneof(
      anyId.map(id => [id]),
      fc.nat(FIRST + 9).map(id => [id]),
      character,
    ),
    { maxLength: 15 },
  )
  .map(lists => lists.flat());

describe('decoding', () => {
  it.each([
    ['pieces are joined, with spaces', ['▁a', 'b', '▁▁c'], 'ab  c'],
    ['the space at the beginning goes', ['▁', '▁a'], 'a'],
    ['so does the first of two in one piece', ['▁▁c'], ' c'],
    ['control pieces are nothing', ['<s>', '▁a', '<c>', 'b', '</s>', '<pad>'], 'ab'],
    ['the space behind control pieces at the beginning goes too', ['<s>', '<c>', '▁a', '▁a'], 'a a'],
    ['the unknown token is what the model says', ['▁a', '<unk>'], 'a ⁇ '],
    ['a space behind an unknown token stays', ['<unk>', '▁a'], ' ⁇  a'],
    ['user-defined pieces are as others', ['▁[x]', '▁[x]'], '[x] [x]'],
    ['bytes are joined to characters', ['▁a', ...spelled('é😀한'), 'b'], 'aé😀한b'],
    ['a space that bytes spell at the beginning stays', [...spelled(' '), '▁a'], '  a'],
    ['no ids are no text', [], ''],
  ])('%s', (_, texts, to) => expect(decode(bytes, ...texts)).toBe(to));

  it.each([
    ['without a dummy prefix, spaces at the beginning go where extra ones are dropped', false, true, 'a'],
    ['with a dummy prefix alone only one goes', true, false, ' a'],
    ['with neither all stay', false, false, '  a'],
  ])('%s', (_, prefix, extra, to) => {
    expect(decode(withSpaces(prefix, extra), '▁', '▁a')).toBe(to);
  });

  it.each([
    ['a byte that begins nothing', '<0xFF>', '\uFFFD'],
    ['bytes that go on from nothing', '<0x80> <0x80>', '\uFFFD\uFFFD'],
    ['a character cut off by a piece', '<0xF0> <0x9F> <0x98> b', '\uFFFD\uFFFD\uFFFDb'],
    ['a character cut off by another', '<0xE2> <0x96> <0xC3> <0xA9>', '\uFFFD\uFFFDé'],
    ['a character cut off by ASCII', '<0xC3> <0x41>', '\uFFFDA'],
    ['a character cut off by the end', '<0xE2> <0x96>', '\uFFFD\uFFFD'],
    ['an overlong form', '<0xC0> <0x80>', '\uFFFD\uFFFD'],
    ['a surrogate', '<0xED> <0xA0> <0x80>', '\uFFFD\uFFFD\uFFFD'],
    ['beyond U+10FFFF', '<0xF4> <0x90> <0x80> <0x80>', '\uFFFD\uFFFD\uFFFD\uFFFD'],
    ['a byte order mark, which is a character', '<0xEF> <0xBB> <0xBF>', '\uFEFF'],
  ])('makes one U+FFFD of each byte that belongs to no character: %s', (_, texts, to) => {
    expect(decode(bytes, ...texts.split(' '))).toBe(to);
  });

  it('is what the pieces and bytes are, whatever the ids', () => {
    const tokenizer = new SentencePieceTokenizer(bytes);
    fc.assert(
      fc.property(manyIds, ids => {
        expect(tokenizer.decode(ids)).toBe(reference(bytes, ids));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a stream', () => {
  it('gives what decoding all at once gives, in parts that are final and whole', () => {
    const models = [bytes, withSpaces(true, false), withSpaces(false, false)].map(
      model => new SentencePieceTokenizer(model),
    );
    const streams = models.map(model => model.decodeStream());
    fc.assert(
      fc.property(fc.nat(2), manyIds, (which, ids) => {
        const stream = streams[which]!;
        const whole = models[which]!.decode(ids);
        let text = '';
        for (const part of [...ids.map(id => stream.push(id)), stream.end()]) {
          // No half of a pair at either end.
          expect(part).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/);
          text += part;
          expect(whole.startsWith(text)).toBe(true);
        }
        expect(text).toBe(whole);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives a character with the byte that completes it, and what came before as soon as it is clear', () => {
    const stream = new SentencePieceTokenizer(bytes).decodeStream();
    const push = (...texts: string[]) => idsOf(bytes, texts).map(id => stream.push(id));
    expect(push('▁a', ...spelled('😀'))).toEqual(['a', '', '', '', '😀']);
    expect(push('<0xF0>', '<0x9F>', '<0x41>')).toEqual(['', '', '\uFFFD\uFFFDA']);
    expect(push('<0xE2>', '▁a')).toEqual(['', '\uFFFD a']);
    expect(push('<0xE2>', '<s>')).toEqual(['', '\uFFFD']);
    expect(push('<0xFF>', '<0xC3>', '<0xC3>', '<0xA9>')).toEqual(['\uFFFD', '', '\uFFFD', 'é']);
  });

  it('gives the bytes that still wait at the end, and is then as new', () => {
    const stream = new SentencePieceTokenizer(bytes).decodeStream();
    const [a, byte] = idsOf(bytes, ['▁a', '<0xE2>']) as [number, number];
    for (let i = 0; i < 3; i++) {
      expect([stream.push(a), stream.push(a), stream.push(byte), stream.push(byte), stream.end()]).toEqual([
        'a',
        ' a',
        '',
        '\uFFFD',
        '\uFFFD',
      ]);
      expect(stream.end()).toBe('');
    }
  });

  it('of a model with a denormaliser gives all at the end', () => {
    const charMap = compileCharMap(
      new Map([
        ['ab', 'X'],
        ['😀', ':)'],
      ]),
    );
    const model = {
      ...bytes,
      denormalizer: { ...spaces, addDummyPrefix: false, escapeWhitespaces: false, charMap },
    };
    const tokenizer = new SentencePieceTokenizer(model);
    const stream = tokenizer.decodeStream();
    const ids = idsOf(model, ['▁a', 'b', ...spelled('😀'), '▁a', '<0xE2>']);
    for (let i = 0; i < 2; i++) {
      expect(new Set(ids.map(id => stream.push(id)))).toEqual(new Set(['']));
      expect(stream.end()).toBe('X:) a\uFFFD');
    }
    expect(tokenizer.decode(ids)).toBe('X:) a\uFFFD');
  });
});

describe('an id outside the vocabulary', () => {
  it.each([-1, bytes.pieces.length, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, -0.5])(
    '%s is refused',
    id => {
      const tokenizer = new SentencePieceTokenizer(bytes);
      const refused = expect.objectContaining({
        code: 'TOKEN_OUT_OF_RANGE',
        message: `id ${id} is outside the vocabulary; ids are whole numbers from 0 to ${bytes.pieces.length - 1}`,
      });
      for (const use of [
        () => tokenizer.decode([FIRST, id]),
        () => tokenizer.decodeStream().push(id),
        () => tokenizer.pieceOf(id),
      ]) {
        expect(use).toThrow(TokenizerError);
        expect(use).toThrow(refused);
      }
    },
  );

  it('leaves the stream as it was', () => {
    const stream = new SentencePieceTokenizer(bytes).decodeStream();
    const [first, second] = idsOf(bytes, spelled('é')) as [number, number];
    stream.push(first);
    expect(() => stream.push(-1)).toThrow(TokenizerError);
    expect(stream.push(second)).toBe('é');
  });
});

describe('decoding pieces', () => {
  it('gives the text back, also where characters are unknown', () => {
    const tokenizer = new SentencePieceTokenizer(modelOf(pieces, { normalizer: spaces }));
    for (const text of ['a b', '中a 中', 'a 中文b', '中', ''])
      expect(tokenizer.decodePieces(tokenizer.encodePieces(text))).toBe(text);
  });
});
