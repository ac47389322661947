import { expect, test } from 'vitest';
import { captionTokens, ptbTokens } from '../src/index';
import { fixture } from './fixtures';

test('the tokens of Stanford’s program, for 99 of 100 lines, hostile ones among them', () => {
  const { lines, tokens } = fixture<{ lines: string[]; tokens: string[] }>('ptb');
  const ours = captionTokens(lines);
  expect(ours).toHaveLength(lines.length);
  const equal = ours.filter((line, i) => line === tokens[i]).length;
  expect(equal / lines.length).toBeGreaterThanOrEqual(0.99);
});

test('marks go, contractions split, brackets stay as words', () => {
  expect(captionTokens(["I can't see the dog's (red) ball!"])).toEqual([
    "i ca n't see the dog 's -lrb- red -rrb- ball",
  ]);
});

test('the dot after a letter depends on how the next line begins', () => {
  expect(ptbTokens(['plan B.', 'A dog', 'plan B.', 'a dog']).map(line => line.join(' '))).toEqual([
    'plan b .',
    'a dog',
    'plan b.',
    'a dog',
  ]);
});

test('a line break inside a caption does not shift the captions after it', () => {
  expect(captionTokens(['a\r\nb', 'c\u2028d\n', '', 'e'])).toEqual(['a b', 'c d', '', 'e']);
});

test('long lines of one kind take time in proportion', () => {
  const milliseconds = (length: number) => {
    const from = performance.now();
    for (const mark of ['a', '1', '.', '-', "'", 'a.', '<', '@', '1,', 'a-', '&a', 'a--', 'a.b--', '<a '])
      captionTokens([mark.repeat(length)]);
    return performance.now() - from;
  };
  const least = (length: number) => Math.min(...[0, 1, 2].map(() => milliseconds(length)));
  // Sixteen times as long: sixteen times the time, not 256 times.
  expect(least(32_000)).toBeLessThan(64 * Math.max(1, least(2000)));
});
