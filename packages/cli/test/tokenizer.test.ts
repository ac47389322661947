import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { simvlm, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  const words = ['red', 'green', 'blue', 'square', 'disc', 'cross'];
  folder.write('text.txt', words.flatMap(a => words.map(b => `a ${a} ${b}`)).join('\n'));
  const { code, err } = await simvlm(
    'tokenizer',
    'train',
    'text.txt',
    '--out',
    'words.model',
    '--vocab-size',
    '24',
  );
  expect(err).toContain('words.model: 24 pieces');
  expect(code).toBe(0);
});
afterAll(() => folder.leave());

it('encodes a line a line, as ids or as pieces, and decodes both back', async () => {
  folder.write('lines.txt', 'a red disc\n\na blue cross\n');
  const ids = await simvlm('tokenizer', 'encode', 'lines.txt', '--model', 'words.model');
  expect(ids.out).toMatch(/^[\d ]+\n\n[\d ]+\n$/);
  folder.write('ids.txt', ids.out);
  const back = await simvlm('tokenizer', 'decode', 'ids.txt', '--model', 'words.model');
  expect(back.out).toBe(readFileSync('lines.txt', 'utf8'));
  const pieces = await simvlm('tokenizer', 'encode', 'lines.txt', '--model', 'words.model', '--pieces');
  folder.write('pieces.txt', pieces.out);
  expect((await simvlm('tokenizer', 'decode', 'pieces.txt', '--model', 'words.model', '--pieces')).out).toBe(
    back.out,
  );
});

it('names a word that is no id, with its line', async () => {
  folder.write('ids.txt', '4 5\n6 x7\n');
  const { code, err } = await simvlm('tokenizer', 'decode', 'ids.txt', '--model', 'words.model');
  expect(code).toBe(1);
  expect(err).toContain('line 2: "x7" is not an id');
});

it('names a model that is none', async () => {
  const { code, err } = await simvlm('tokenizer', 'encode', 'text.txt', '--model', 'text.txt');
  expect(code).toBe(1);
  expect(err).toContain('text.txt: not a usable tokenizer model: ');
});

const fixtures = new URL('../../tokenizer/fixtures/', import.meta.url);
const fixture = (name: string) => readFileSync(new URL(name, fixtures));

it('prints what spm_encode prints for every line, and spm_decode, control characters and all', async () => {
  const model = new URL('models/unigram-32k.model', fixtures).pathname;
  const lines = new URL('lines.txt', fixtures).pathname;
  const ids = await simvlm('tokenizer', 'encode', lines, '--model', model, '--ids');
  expect(ids.code).toBe(0);
  const expected = gunzipSync(fixture('expected/unigram-32k.ids.gz')).toString();
  expect(ids.out === expected).toBe(true);
  folder.write('all.ids', ids.out);
  const text = await simvlm('tokenizer', 'decode', 'all.ids', '--model', model);
  expect(text.out === gunzipSync(fixture('expected/unigram-32k.decoded.gz')).toString()).toBe(true);
});

it('reads standard input, however it is cut into parts, and the last line without its end', async () => {
  const text = Buffer.from('a rød disc\r\n\n😀 cross');
  const parts = Array.from(text, byte => Buffer.of(byte));
  const stdin = vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from(parts) as never);
  try {
    const { out } = await simvlm('tokenizer', 'encode', '--model', 'words.model', '--pieces');
    expect(out).toBe('▁a ▁ r ø d ▁disc\n\n▁ 😀 ▁cross\n');
  } finally {
    stdin.mockRestore();
  }
});

it('gives unknown characters back from pieces', async () => {
  folder.write('odd.txt', 'a red\u3000disc ✂ 中文\n');
  const pieces = await simvlm('tokenizer', 'encode', 'odd.txt', '--model', 'words.model', '--pieces');
  folder.write('odd.pieces', pieces.out);
  const { out } = await simvlm('tokenizer', 'decode', 'odd.pieces', '--model', 'words.model', '--pieces');
  expect(out).toBe('a red disc ✂ 中文\n');
});

it('trains byte-pair encodings with bytes and symbols, and writes and reads tokenizer.json', async () => {
  const { code, err } = await simvlm(
    ...['tokenizer', 'train', 'text.txt', '--out', 'bpe.json', '--type', 'bpe', '--vocab-size', '300'],
    ...['--byte-fallback', '--user-defined-symbols', '<image>,<sep>', '--control-symbols', '<ctl>'],
    ...['--normalization', 'identity', '--soft-vocab-limit'],
  );
  expect(err).toMatch(/bpe\.json: \d+ pieces/);
  expect(code).toBe(0);
  folder.write('marked.txt', 'a red<image>😀<sep>\n');
  const { out } = await simvlm('tokenizer', 'encode', 'marked.txt', '--model', 'bpe.json', '--pieces');
  expect(out).toBe('▁a ▁red <image> <0xF0> <0x9F> <0x98> <0x80> <sep>\n');
});

it('says what is wrong with options and ids', async () => {
  const wrong = async (...args: string[]) => {
    const { code, err } = await simvlm('tokenizer', ...args);
    return `${code} ${err}`;
  };
  const train = ['train', 'text.txt', '--out', 'x.model'];
  expect(await wrong(...train, '--type', 'word')).toMatch(/^2 .*Allowed choices are unigram, bpe/s);
  expect(await wrong(...train, '--normalization', 'nfd')).toMatch(/^2 .*Allowed choices are nmt_nfkc/s);
  expect(await wrong(...train, '--user-defined-symbols', 'a b')).toMatch(
    /^2 .*--user-defined-symbols must be/s,
  );
  expect(await wrong(...train)).toMatch(
    /^2 .*--vocab-size 8000 is too large for this text, which gives \d+ pieces: .* --soft-vocab-limit\n$/s,
  );
  expect(await wrong(...train, '--vocab-size', '5')).toMatch(
    /^2 .*--vocab-size 5 is too small .* --character-coverage\n$/s,
  );
  expect(await wrong(...train, '--vocab-size', '4')).toMatch(/^2 .*--vocab-size must be an integer from 5/s);
  expect(await wrong(...train, '--character-coverage', '2')).toMatch(/^2 .*--character-coverage/s);
  expect(await wrong(...train, '--user-defined-symbols', 'x', '--control-symbols', 'x')).toMatch(
    /^2 .*"x" is in both --control-symbols and --user-defined-symbols/s,
  );
  expect(await wrong('encode', '--ids', '--pieces', '--model', 'words.model')).toMatch(
    /^2 .*cannot be used with/s,
  );
  expect(await wrong('encode', 'nothing.txt', '--model', 'words.model')).toMatch(
    /^1 .*cannot read nothing\.txt/s,
  );
  folder.write('ids.txt', '4 24\n');
  expect(await wrong('decode', 'ids.txt', '--model', 'words.model')).toMatch(
    /^1 .*line 1: "24" is not an id .* 0 to 23/s,
  );
});
