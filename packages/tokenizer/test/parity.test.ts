import { describe, expect, it } from 'vitest';
import { loadSentencePiece } from '../src/index';
import { expectedOf, fixtureLines, fixtureModels } from './fixtures';

const lines = fixtureLines();
const models = fixtureModels();

it('there are 5,000 lines or more, and models that we did not train', () => {
  expect(lines.length).toBeGreaterThan(5000);
  expect(models.filter(({ name }) => name.startsWith('sctg-'))).toHaveLength(3);
  expect(models.length).toBeGreaterThan(12);
});

describe.each(models)('$name gives what SentencePiece gives', ({ name, bytes }) => {
  const tokenizer = loadSentencePiece(bytes);
  const expected = expectedOf(name);

  it('the ids of every line', () => {
    const wrong = lines.filter((line, i) => tokenizer.encode(line).join(' ') !== expected.ids[i]);
    expect(expected.ids).toHaveLength(lines.length);
    expect(wrong).toEqual([]);
  });

  it('the same ids from a tokenizer that met no word before', () => {
    // Backwards, so that each word is first met in another line.
    const fresh = loadSentencePiece(bytes);
    const wrong = lines
      .toReversed()
      .filter((line, i) => fresh.encode(line).join(' ') !== expected.ids.at(-1 - i));
    expect(wrong).toEqual([]);
  });

  it('the text of every line of ids', () => {
    const decoded = expected.ids.map(ids => tokenizer.decode(ids === '' ? [] : ids.split(' ').map(Number)));
    expect(decoded).toEqual(expected.decoded);
  });

  it('the text of random ids, broken UTF-8 among them', () => {
    for (const [ids, text] of expected.randomDecode) expect(tokenizer.decode(ids)).toBe(text);
  });

  it('pieces, and where in the line they come from', () => {
    for (const { line, pieces } of expected.sentences) {
      const text = lines[line]!;
      const found = tokenizer.encodeWithOffsets(text);
      expect(found.pieces).toEqual(pieces.map(([piece]) => piece));
      expect([...found.ids]).toEqual(pieces.map(([, id]) => id));
      // The original counts code points, we count what `slice` takes.
      const characters = [...text];
      const units = (count: number) => characters.slice(0, count).join('').length;
      expect([...found.offsets]).toEqual(pieces.flatMap(([, , , begin, end]) => [units(begin), units(end)]));
      expect(pieces.map((_, i) => text.slice(found.offsets[2 * i], found.offsets[2 * i + 1]))).toEqual(
        pieces.map(([, , surface]) => surface),
      );
    }
  });

  if (tokenizer.model.algorithm === 'bpe') {
    it('no second segmentation, as BPE knows one only', () => {
      expect(() => tokenizer.nBest('text', 2)).toThrow('a BPE model knows one segmentation only');
    });
    return;
  }
  it('the five best segmentations with their scores', () => {
    for (const { line, nbest } of expected.sentences) {
      // One more than expected: it may have the score of the fifth, and where two have the same, either order
      // is right.
      const found = tokenizer.nBest(lines[line]!, 6);
      for (const [i, [score, ids]] of nbest!.entries()) {
        expect(Math.abs(found[i]!.score - score)).toBeLessThanOrEqual(1e-6 * Math.abs(score) + 1e-4);
        const alike = found.filter(other => Math.abs(other.score - score) < 0.01);
        expect(alike.map(other => other.ids.join(' '))).toContain(ids.join(' '));
        if (alike.length === 1) expect([...found[i]!.ids]).toEqual(ids);
      }
    }
  });
});
