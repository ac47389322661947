import { expect, test } from 'vitest';
import { DataError } from './errors';
import { printable } from './printable';

test('what a terminal would obey is shown as an escape, in one line', () => {
  expect(printable('a\x1b[31mred\x1b[0m\n\r\tb\x00\x7f\x9b31m')).toBe(
    'a\\u001b[31mred\\u001b[0m\\n\\r\\tb\\u0000\\u007f\\u009b31m',
  );
  expect(printable('a\u202Egnp.exe\u2066\u2028b')).toBe('a\\u202egnp.exe\\u2066\\u2028b');
});

test('everything else stays as it is: accents, other scripts, emoji with their joiners, quotes and backslashes', () => {
  const text = 'Käse "日本" \\n 👩🏽‍🚀 ❤️ עברית – …';
  expect(printable(text)).toBe(text);
});

test('JSON means the same afterwards', () => {
  const value = { id: 'a\x1b[2J\u009bb\u202Ec\n', text: '\u2028' };
  const line = printable(JSON.stringify(value));
  expect(JSON.parse(line)).toEqual(value);
  expect(line).not.toMatch(/[\p{Cc}\u202E\u2028]/u);
});

test('no error carries a control character of what it names to a terminal', () => {
  const { message } = new DataError('DATA_NOT_FOUND', 'a\x1b]0;title\x07\r\n b\u202Ec: no such file');
  expect(message).toBe('a\\u001b]0;title\\u0007 b\\u202ec: no such file');
});
