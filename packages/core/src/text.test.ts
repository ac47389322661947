import { expect, test } from 'vitest';
import { ConfigError, DataError } from './errors';
import { decodeLines, decodeText, isWellFormed, LineDecoder } from './text';

const utf8 = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string, littleEndian: boolean) =>
  Uint8Array.from(text, character => character.charCodeAt(0)).reduce(
    (bytes, byte, i) => {
      bytes[2 * i + (littleEndian ? 0 : 1)] = byte;
      return bytes;
    },
    new Uint8Array(2 * text.length),
  );

/** The lines of bytes that arrive in parts of `size`. */
async function linesOf(bytes: Uint8Array, size = bytes.length, options = {}): Promise<string[]> {
  const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.slice(i * size, (i + 1) * size),
  );
  const lines: string[] = [];
  for await (const some of decodeLines(parts, 'a.txt', options)) lines.push(...some);
  return lines;
}

test('lines end at "\\n" alone, however the bytes are cut', async () => {
  const text = 'eins\u2028zwei\u2029drei\r\n\n😀 vier\u0085\v\f\nfünf';
  for (let size = 1; size < 40; size++) expect(await linesOf(utf8(text), size)).toEqual(text.split('\n'));
  expect(await linesOf(utf8('a\nb\n'))).toEqual(['a', 'b']);
  expect(await linesOf(new Uint8Array(0), 1)).toEqual([]);
});

test('a byte order mark at the beginning is dropped, another one stays', async () => {
  expect(decodeText(utf8('\uFEFF{}'), 'a.json')).toBe('{}');
  expect(decodeText(utf8('a\uFEFF'), 'a.json')).toBe('a\uFEFF');
  expect(await linesOf(utf8('\uFEFFa\n\uFEFFb'))).toEqual(['a', '\uFEFFb']);
});

test('bytes that are not UTF-8 are an error with file, line and what to do', async () => {
  const latin1 = Uint8Array.from([...utf8('ok\nK'), 0xf6, ...utf8('ln\nok\n')]);
  for (const size of [1, 5, latin1.length])
    await expect(linesOf(latin1, size)).rejects.toThrow(/^a\.txt:2: not UTF-8; save .* iconv -f/);
  expect(() => decodeText(latin1, 'b.json')).toThrow(/^b\.json:2: not UTF-8/);
  // Half of a character at the end, an overlong form, and half of a surrogate pair.
  for (const bad of [[0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80]])
    await expect(linesOf(Uint8Array.from([0x61, 0x0a, 0x0a, ...bad]))).rejects.toThrow(
      /^a\.txt:3: not UTF-8/,
    );
});

test.each([
  ['UTF-16', Uint8Array.from([0xff, 0xfe, ...utf16('{"a": 1}\r\n', true)])],
  ['UTF-16', Uint8Array.from([0xfe, 0xff, ...utf16('{"a": 1}\r\n', false)])],
  ['UTF-16LE', utf16('Käse\n', true)],
  ['UTF-16BE', utf16('Käse\n', false)],
  ['UTF-32', Uint8Array.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0])],
])('%s is named', async (encoding, bytes) => {
  const message = new RegExp(`^a\\.txt is ${encoding}, not UTF-8; .*iconv -f ${encoding} -t UTF-8`);
  expect(() => decodeText(bytes, 'a.txt')).toThrow(message);
  await expect(linesOf(bytes)).rejects.toThrow(message);
});

test('a NUL here and there is a character like others', async () => {
  expect(await linesOf(utf8('a\0b\n\0\n'))).toEqual(['a\0b', '\0']);
  expect(decodeText(utf8('\0'), 'a.txt')).toBe('\0');
});

test('a line that is too long is an error with its number, as soon as that is known', async () => {
  const long = utf8(`a\n\n${'b'.repeat(20)}\nc`);
  for (const size of [1, 7, long.length]) {
    await expect(linesOf(long, size, { maxBytes: 19 })).rejects.toThrow(
      'a.txt:3: the line is longer than 19 bytes; split it into several lines',
    );
    expect(await linesOf(long, size, { maxBytes: 20 })).toHaveLength(4);
  }
  const decoder = new LineDecoder('a.txt');
  const part = new Uint8Array(2 ** 20).fill(0x61);
  for (let i = 0; i < 16; i++) decoder.write(part);
  expect(() => decoder.write(part.subarray(0, 1))).toThrow('a.txt:1: the line is longer than 16 MiB');
});

test('a reader chooses its error', () => {
  const bad = Uint8Array.of(0xff);
  expect(() => decodeText(bad, 'a')).toThrow(DataError);
  expect(() => decodeText(bad, 'a', message => new ConfigError('CONFIG_INVALID', message))).toThrow(
    ConfigError,
  );
});

test('half of a surrogate pair is not well-formed, a whole one is', () => {
  expect(isWellFormed('a 😀')).toBe(true);
  expect(isWellFormed('a \ud83d')).toBe(false);
  expect(isWellFormed('\ude00\ud83d')).toBe(false);
});
