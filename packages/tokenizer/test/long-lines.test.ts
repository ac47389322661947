import { describe, expect, it } from 'vitest';
import { loadSentencePiece } from '../src/index';
import { fixtureLines, fixtureModels } from './fixtures';

const models = fixtureModels().filter(({ name }) => ['unigram-32k', 'bpe-32k'].includes(name));
const words = fixtureLines()
  .filter(line => /^[ -~]+$/.test(line))
  .join(' ');
const someWords = words.slice(0, 10_000);
const texts = {
  words: (length: number) => someWords.repeat(length / someWords.length),
  'one word of one letter': (length: number) => 'a'.repeat(length),
};

// Time that grows with the square of the length would be days: such a test would never end.
describe.each(models)('$name encodes a line of 10 MB', ({ bytes }) => {
  const tokenizer = loadSentencePiece(bytes);

  it.each(Object.entries(texts))('of %s as ten times the tokens of 1 MB', (_, text) => {
    const count = (length: number) => tokenizer.encode(text(length)).length;
    expect(count(1e7) / count(1e6)).toBeCloseTo(10, 1);
  });
});

it('a text beyond 256 MiB is refused by name, not by a crash', () => {
  const tokenizer = loadSentencePiece(models[0]!.bytes);
  expect(() => tokenizer.encode('a'.repeat(2 ** 28 + 1))).toThrow(
    expect.objectContaining({ code: 'TEXT_TOO_LONG', message: expect.stringContaining('line by line') }),
  );
});
