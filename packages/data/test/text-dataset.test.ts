import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrayDataset, subset, textDataset } from '../src/index';
import { pairs } from './fixture';

const texts = async (documents: Iterable<string>, maxCharacters?: number) => {
  const dataset = textDataset(documents, maxCharacters === undefined ? {} : { maxCharacters });
  return Promise.all(Array.from({ length: dataset.length }, async (_, i) => (await dataset.get(i)).text));
};

test('documents stay whole without a limit; empty ones are left out; ids count what is there', async () => {
  expect(await texts(['  one two. three ', '', ' \n ', 'four'])).toEqual(['one two. three', 'four']);
  const dataset = textDataset(['a', '', 'b'], { idPrefix: 'wiki' });
  expect([(await dataset.get(0)).id, (await dataset.get(1)).id]).toEqual(['wiki-0', 'wiki-1']);
});

test('a document is cut at the end of a sentence where there is one in its second half', async () => {
  expect(await texts(['The cat sat. The dog ran off! Why?'], 20)).toEqual([
    'The cat sat.',
    'The dog ran off!',
    'Why?',
  ]);
  expect(await texts(['One line.\nAnother line here.'], 14)).toEqual(['One line.', 'Another line', 'here.']);
});

test('else it is cut between words, else anywhere', async () => {
  expect(await texts(['alpha beta gamma delta'], 11)).toEqual(['alpha beta', 'gamma delta']);
  expect(await texts(['alpha\nbeta\ngamma'], 11)).toEqual(['alpha\nbeta', 'gamma']);
  expect(await texts(['A. alphabetical order'], 16)).toEqual(['A. alphabetical', 'order']);
  expect(await texts(['abcdefgh'], 3)).toEqual(['abc', 'def', 'gh']);
});

test('no piece is too long, none is empty, and nothing but white space is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('word', 'of', 'end.', 'why?', 'incomprehensible', '\n', ' ', '猫')),
      fc.integer({ min: 1, max: 25 }),
      async (words, limit) => {
        const document = words.join(' ');
        const pieces = await texts([document], limit);
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(limit);
          expect(piece.trim()).not.toBe('');
        }
        expect(pieces.join('').replace(/\s/g, '')).toBe(document.replace(/\s/g, ''));
      },
    ),
  );
});

test('a character of two code units is never cut in two', async () => {
  expect(await texts(['🐈🐕🦆'], 3)).toEqual(['🐈', '🐕', '🦆']);
  expect(await texts(['🐈🐕'], 1)).toEqual(['🐈', '🐕']);
});

test('a limit that leaves no room is refused', () => {
  expect(() => textDataset(['text'], { maxCharacters: 0 })).toThrow('maxCharacters must be 1 or more, got 0');
  expect(() => textDataset(['text'], { maxCharacters: Number.NaN })).toThrow('maxCharacters');
});

test('a subset holds the examples at its indices, in their order', async () => {
  const part = subset(arrayDataset(pairs(5)), [3, 0, 3]);
  expect(part.length).toBe(3);
  expect([(await part.get(0)).id, (await part.get(1)).id, (await part.get(2)).id]).toEqual([
    'pair-3',
    'pair-0',
    'pair-3',
  ]);
});

test('an index outside of a data set is refused with how many there are', () => {
  expect(() => arrayDataset(pairs(2)).get(2)).toThrow('no example 2; there are 2');
  expect(() => subset(arrayDataset(pairs(2)), [0]).get(1)).toThrow('no example 1; there are 1');
});
