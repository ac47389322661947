import { isSimVlmError } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadSentencePiece, trainBpe, trainUnigram } from '../src/index';

const lines = ['cat', 'dog', 'fox', 'owl', 'bear', 'zebra'].flatMap(animal =>
  ['red', 'green', 'blue', 'striped'].map(colour => `the ${colour} ${animal} sleeping`),
);
const options = { vocabSize: 34, normalization: 'identity' as const };

describe.each([
  { name: 'unigram', tokenizer: await trainUnigram(lines, options) },
  { name: 'BPE', tokenizer: await trainBpe(lines, options) },
])('a $name model trained on a few lines', ({ tokenizer }) => {
  it('makes nothing of the empty text, and of spaces only', () => {
    for (const text of ['', ' ', '   ']) {
      expect(tokenizer.encode(text)).toEqual(new Int32Array(0));
      expect(tokenizer.countTokens(text)).toBe(0);
    }
    expect(tokenizer.decode([])).toBe('');
  });

  it('leaves control tokens out when it decodes', () => {
    const { bos, eos, pad } = tokenizer.special;
    expect(tokenizer.decode([bos, ...tokenizer.encode('red fox'), eos, pad, pad])).toBe('red fox');
  });

  it('names an id that is outside the vocabulary', () => {
    for (const id of [34, -1, 1.5, Number.NaN])
      expect(() => tokenizer.decode([5, id])).toThrow(
        expect.objectContaining({
          code: 'TOKEN_OUT_OF_RANGE',
          message: expect.stringContaining(`id ${id} is outside the vocabulary`),
        }),
      );
  });

  it('is refused with a typed error once its file is damaged, or still works: whatever bytes change', () => {
    const good = tokenizer.save();
    let refused = 0;
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
        const bytes = cut ? good.slice(0, at) : good.slice();
        if (!cut) bytes[at] = value;
        try {
          const loaded = loadSentencePiece(bytes);
          loaded.decode(loaded.encode('the red fox'));
        } catch (error) {
          expect(isSimVlmError(error), String(error)).toBe(true);
          refused++;
        }
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(300);
  });
});

it('what is no model is refused with one line that says so', () => {
  expect(() => loadSentencePiece(new TextEncoder().encode('{"version": 1}'))).toThrow(
    /^not a usable tokenizer model: .*$/,
  );
  expect(() => loadSentencePiece(new Uint8Array(0))).toThrow(/it has no pieces$/);
});
