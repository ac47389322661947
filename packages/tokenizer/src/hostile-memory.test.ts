import { describe, expect, it } from 'vitest';
import { loadSentencePiece } from './load-sentencepiece';
import { loadTokenizer } from './load-tokenizer';
import { MODEL, NORMALIZER, PIECE, TRAINER } from './model-file/fields';
import { MessageWriter } from './model-file/protobuf';
import { pieceType } from './vocabulary';

/** A `.model` of two pieces and the unknown token, with more fields behind them. */
function file(more: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  writer.bytes(
    MODEL.pieces,
    new MessageWriter().bytes(PIECE.text, '<unk>').varint(PIECE.type, pieceType.unknown),
  );
  for (const text of ['a', 'b']) writer.bytes(MODEL.pieces, new MessageWriter().bytes(PIECE.text, text));
  more(writer);
  return writer.finish();
}

/** A double array in which each of `sources` leads to the first replacement, and the replacements. */
function charMap(replacement: Uint8Array): Uint8Array {
  const units = new Int32Array(512).fill(0x80000000 | 0);
  const [base, value] = [256, 0x180];
  units[0] = base << 10;
  const place = base ^ 0x61;
  units[place] = ((place ^ value) << 10) | 0x100 | 0x61;
  units[value] = 0x80000000 | 0;
  const map = new Uint8Array(4 + units.byteLength + replacement.length + 1);
  new DataView(map.buffer).setUint32(0, units.byteLength, true);
  map.set(new Uint8Array(units.buffer), 4);
  map.set(replacement, 4 + units.byteLength);
  return map;
}

const withMap = (map: Uint8Array) =>
  file(writer => writer.bytes(MODEL.normalizer, new MessageWriter().bytes(NORMALIZER.charMap, map)));
const text = (length: number) => new Uint8Array(length).fill(0x62);

/** What memory holds on to, in bytes. */
const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;

describe('a tokenizer that is made to fill the memory', () => {
  it('by a piece that stands millions of times is refused at the second', () => {
    const piece = new MessageWriter().bytes(PIECE.text, 'ab').finish();
    const field = new MessageWriter().bytes(MODEL.pieces, piece).finish();
    const many = new Uint8Array(3_000_000 * field.length);
    for (let at = 0; at < many.length; at += field.length) many.set(field, at);
    const before = used();
    expect(() => loadSentencePiece(many)).toThrow('the piece "ab" stands twice');
    expect(used() - before).toBeLessThan(many.length);
  });

  it('by a character that becomes a megabyte is refused, and one that becomes a kilobyte is read', () => {
    expect(loadSentencePiece(withMap(charMap(text(1024)))).encode('a').length).toBeGreaterThan(1000);
    for (const length of [1025, 1_000_000])
      expect(() => loadSentencePiece(withMap(charMap(text(length))))).toThrow(
        'its normaliser map has a replacement of more than 1024 bytes',
      );
  });

  it('by an unknown token that is decoded to a megabyte is refused', () => {
    const of = (length: number) =>
      file(writer =>
        writer.bytes(MODEL.trainer, new MessageWriter().bytes(TRAINER.unknownSurface, '?'.repeat(length))),
      );
    expect(loadSentencePiece(of(1024)).decode([0])).toHaveLength(1024);
    expect(() => loadSentencePiece(of(1_000_000))).toThrow(
      'its unknown token is decoded to 1000000 characters (at most 1024)',
    );
  });

  it('by fields that nobody knows keeps none of them', () => {
    const trainer = new MessageWriter();
    for (let number = 100; number < 100_000; number++) trainer.bytes(number, new Uint8Array(0));
    const bytes = file(writer => writer.bytes(MODEL.trainer, trainer));
    expect(loadSentencePiece(bytes).vocabSize).toBe(3);
  });

  it('by a tokenizer.json of empty values is refused before it is parsed', () => {
    const vocab = `[${'{},'.repeat(3_000_000)}{}]`;
    expect(() =>
      loadTokenizer(new TextEncoder().encode(`{"model":{"type":"Unigram","vocab":${vocab}}}`)),
    ).toThrow(/^not a usable tokenizer\.json: the file: its \d+ characters would take more than ten times/);
  });
});

it('a text of the file in a message is short, and commands no terminal', () => {
  const named = (name: string) =>
    file(writer => {
      for (let i = 0; i < 2; i++) writer.bytes(MODEL.pieces, new MessageWriter().bytes(PIECE.text, name));
    });
  expect(() => loadSentencePiece(named('\u001b[2J'))).toThrow('the piece "\\u001b[2J" stands twice');
  expect(() => loadSentencePiece(named('x'.repeat(100_000)))).toThrow(
    `the piece "${'x'.repeat(40)}…" stands twice`,
  );
});
