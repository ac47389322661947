import fc from 'fast-check';
import { expect, test } from 'vitest';
import { captionMetrics, exactMatch, normalizeCaption, wordF1 } from '../src/index';

test('case and white space do not make another caption; words, order and punctuation do', () => {
  expect(normalizeCaption('  A  Red\n\tSquare ')).toBe('a red square');
  expect(exactMatch('A red  square', 'a Red square ')).toBe(true);
  expect(exactMatch('a red square', 'a square red')).toBe(false);
  expect(exactMatch('a red square', 'a red square.')).toBe(false);
  expect(exactMatch('a red square', 'a red')).toBe(false);
});

test.each([
  ['a red square', 'a red square', 1],
  ['A RED SQUARE!', 'a red square', 1],
  ['a red square', 'square red a', 1],
  ['a red square', 'a blue disc', 1 / 3],
  ['red', 'a red square', 0.5],
  ['red red red', 'a red square', 1 / 3], // a repeated word counts as often as the truth has it
  ['red red', 'red red square', 0.8],
  ['cat', 'dog', 0],
  ['', 'dog', 0],
  ['dog', '', 0],
  ['', '', 1],
  ['…', '!', 1],
  ['café crème', 'Café, crème', 1],
  ['family: man, woman', 'family woman', 0.8],
])('the word F1 of "%s" and "%s" is %f', (prediction, truth, f1) => {
  expect(wordF1(prediction, truth)).toBeCloseTo(f1, 12);
});

test('word F1 is symmetric, from 0 to 1, and 1 for a caption and itself', () => {
  const text = fc.array(fc.constantFrom('a', 'red', 'blue', 'disc', '!')).map(words => words.join(' '));
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(wordF1(a, b)).toBe(wordF1(b, a));
      expect(wordF1(a, b)).toBeGreaterThanOrEqual(0);
      expect(wordF1(a, b)).toBeLessThanOrEqual(1);
      expect(wordF1(a, a)).toBe(1);
    }),
  );
});

test('metrics of predictions are means over them, and an error where there are none', () => {
  const predictions = [
    { text: 'A disc', truth: 'a disc' },
    { text: 'a disc', truth: 'a square' },
  ];
  expect(captionMetrics(predictions)).toEqual({ exactMatch: 0.5, wordF1: 0.75, count: 2 });
  expect(() => captionMetrics([])).toThrow('nothing was evaluated: there are no predictions');
});
