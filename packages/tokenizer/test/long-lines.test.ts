import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../src/index';
import { fixtureLines, fixtureModels } from './fixtures';

const models = fixtureModels().filter(({ name }) => ['unigram-32k', 'bpe-32k'].includes(name));
const words = fixtureLines()
  .filter(line => /^[ -~]+$/.test(line))
  .join(' ');
const texts = {
  words: (length: number) => words.repeat(Math.ceil(length / words.length)).slice(0, length),
  'one word of one letter': (length: number) => 'a'.repeat(length),
};

describe.each(models)('$name encodes a line of 10 MB', ({ bytes }) => {
  const tokenizer = loadTokenizer(bytes);

  it.each(Object.entries(texts))('of %s in about ten times the time of 1 MB', (_, text) => {
    const seconds = (length: number) => {
      const line = text(length);
      const start = performance.now();
      tokenizer.encode(line);
      return (performance.now() - start) / 1000;
    };
    // A busy machine only ever adds time: the better of two of the short one, and 40 instead of 10; a quadratic
    // time would be 100.
    const short = Math.min(seconds(1e6), seconds(1e6));
    const long = seconds(1e7);
    expect(long).toBeLessThan(40 * Math.max(short, 0.02));
  });
});

it('a text beyond 256 MiB is refused by name, not by a crash', () => {
  const tokenizer = loadTokenizer(models[0]!.bytes);
  expect(() => tokenizer.encode('a'.repeat(2 ** 28 + 1))).toThrow(
    expect.objectContaining({ code: 'TEXT_TOO_LONG', message: expect.stringContaining('line by line') }),
  );
});
