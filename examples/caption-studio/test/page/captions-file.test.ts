import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCaptions, readCaptions } from '../../src/page/state/captions-file';

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
  ['[]', /not a JSON object/],
  ['3', /not a JSON object/],
  ['{"image": "a.png"}', /no "text"/],
  ['{"image": "a.png", "text": " "}', /no "text"/],
  ['{"image": 3, "text": "a"}', /"image" is not a path/],
  ['{"image": "a.png", "text": "\\ud83d"}', /half of a surrogate pair/],
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

test('a file is UTF-8, with a byte order mark or without', async () => {
  const line = '{"image": "a.png", "text": "ein Käse\u2028"}\n';
  for (const text of [line, `\uFEFF${line}`])
    expect(await readCaptions(new Blob([text]), 'a/captions.jsonl')).toEqual([
      { image: 'a.png', text: 'ein Käse\u2028' },
    ]);
});

test.each([
  ['Windows-1252', Uint8Array.of(0x7b, 0x7d, 0x0a, 0xe4), /^a\/captions\.jsonl:2: not UTF-8/],
  ['UTF-16', Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0), /^a\/captions\.jsonl is UTF-16/],
])('one in %s is refused, rather than read with other letters', async (_, bytes, detail) => {
  await expect(readCaptions(new Blob([bytes]), 'a/captions.jsonl')).rejects.toMatchObject({
    code: 'LESSONS_UNUSABLE',
    title: 'a/captions.jsonl is not UTF-8',
    detail: expect.stringMatching(detail),
  });
});

test('one too large is not even read', async () => {
  const huge = { size: 2 ** 25, arrayBuffer: () => Promise.reject(new Error('it was read')) };
  await expect(readCaptions(huge as unknown as Blob, 'captions.jsonl')).rejects.toMatchObject({
    code: 'LESSONS_UNUSABLE',
    title: 'captions.jsonl is too large for a page',
  });
});
