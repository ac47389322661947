import { describe, expect, it } from 'vitest';
import { writeTokenizerJson } from './json/write-tokenizer-json';
import { loadSentencePiece } from './load-sentencepiece';
import { loadTokenizer } from './load-tokenizer';
import { modelOf, piece } from './models.test-util';
import { withSentinels } from './sentinels';
import { SentencePieceTokenizer } from './tokenizer';

const model = modelOf([piece('a', -1), piece('b', -2), piece('<', -3), piece('>', -3)]);
const tokenizer = new SentencePieceTokenizer(withSentinels(model, 3));

describe('sentinels', () => {
  it('stand behind all pieces, the first at the very end, as in T5', () => {
    expect(tokenizer.vocabSize).toBe(model.pieces.length + 3);
    expect(tokenizer.sentinels).toEqual([10, 9, 8]);
    expect(tokenizer.pieceOf(10)).toBe('<extra_id_0>');
    expect(tokenizer.model.pieces.slice(0, model.pieces.length)).toEqual(model.pieces);
    expect(withSentinels(model).pieces.length).toBe(model.pieces.length + 100);
  });

  it('come from no text, and are decoded to nothing', () => {
    const plain = new SentencePieceTokenizer(model);
    for (const text of ['ab', '<extra_id_0>', 'a<extra_id_1>b'])
      expect(tokenizer.encode(text)).toEqual(plain.encode(text));
    expect(tokenizer.decode([4, 10, 5, 8])).toBe('ab');
  });

  it('are there again in a saved model, whatever the file', () => {
    expect(loadSentencePiece(tokenizer.save()).sentinels).toEqual([10, 9, 8]);
    expect(loadTokenizer(new TextEncoder().encode(writeTokenizerJson(tokenizer.model))).sentinels).toEqual([
      10, 9, 8,
    ]);
  });

  it('are found by name: control symbols of the training will do', () => {
    expect(new SentencePieceTokenizer(model).sentinels).toEqual([]);
    const own = modelOf([
      piece('a', -1),
      { ...piece('<extra_id_0>'), type: 3 },
      { ...piece('<extra_id_2>'), type: 3 },
    ]);
    expect(new SentencePieceTokenizer(own).sentinels).toEqual([5]);
  });

  it('are added once; a model that has fewer is refused, and a count that is none', () => {
    expect(withSentinels(tokenizer.model, 3)).toBe(tokenizer.model);
    expect(withSentinels(tokenizer.model, 2)).toBe(tokenizer.model);
    expect(() => withSentinels(tokenizer.model, 4)).toThrow(
      'it has 3 sentinels of its own, 4 were asked for',
    );
    expect(() => withSentinels(model, -1)).toThrow('count must be a whole number, got -1');
  });
});
