import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCaptions } from '../../src/page/state/captions-file';

test('lines of pictures are read, empty lines and documents left out', () => {
  const jsonl =
    '{"image": "a.png", "text": "a fox", "id": "1"}\r\n\n{"text": "a document"}\n{"image": "b/c.jpg", "text": "a hen"}';
  expect(parseCaptions(jsonl)).toEqual([
    { image: 'a.png', text: 'a fox' },
    { image: 'b/c.jpg', text: 'a hen' },
  ]);
});

test('whatever is written as JSON lines is read as it was', () => {
  const line = fc.record({
    image: fc.string({ minLength: 1 }),
    text: fc.string({ minLength: 1 }).filter(s => s.trim() !== ''),
  });
  fc.assert(
    fc.property(fc.array(line), lines => {
      expect(parseCaptions(lines.map(one => JSON.stringify(one)).join('\n'))).toEqual(lines);
    }),
  );
});

test.each([
  ['nonsense', /not a JSON object/],
  ['[]', /no "text"/],
  ['3', /not a JSON object/],
  ['{"image": "a.png"}', /no "text"/],
  ['{"image": "a.png", "text": " "}', /no "text"/],
  ['{"image": 3, "text": "a"}', /"image" is not a path/],
])('a bad line is named, with its number: %s', (line, detail) => {
  const failure = failureOf(() => parseCaptions(`{"image": "a.png", "text": "a"}\n${line}`));
  expect(failure).toMatchObject({ title: 'Line 2 of captions.jsonl cannot be used' });
  expect(failure.detail).toMatch(detail);
  expect(failure.detail).toMatch(/^captions\.jsonl:2: /);
});

function failureOf(action: () => unknown): { title: string; detail: string } {
  try {
    action();
  } catch (error) {
    return error as { title: string; detail: string };
  }
  throw new Error('it did not fail');
}
