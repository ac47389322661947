import { expect, test } from 'vitest';
import { asCsv, asJsonLines, type CaptionRow } from '../../src/page/state/captions-table';

const row = (image: string, text: string): CaptionRow => ({ image, text, logProb: -1.25, unsure: true });

test('captions of a folder are a table with a header', () => {
  expect(asCsv([row('a.png', 'a fox')])).toBe('image,caption,logProb,unsure\r\na.png,a fox,-1.250,true\r\n');
});

test.each([
  ['family: man, woman', '"family: man, woman"'],
  ['a "fox"', '"a ""fox"""'],
  ['two\nlines', '"two\nlines"'],
  ['=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
  ['+1', "'+1"],
  ['-dash', "'-dash"],
])('%j is one harmless cell', (text, cell) => {
  expect(asCsv([row('a.png', text)]).split('\r\n')[1]).toBe(`a.png,${cell},-1.250,true`);
});

test('the other file is one JSON object a line', () => {
  const rows = [row('a.png', 'a\n"fox"'), row('b.png', '')];
  const lines = asJsonLines(rows).split('\n');
  expect(lines.slice(0, 2).map(line => JSON.parse(line))).toEqual(rows);
  expect(lines).toHaveLength(3);
});
