import { DataError } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvOptions, captionsSource, csvSource, jsonlSource, memoryFolder } from '../../src/index';
import { diskFile, diskFolder } from '../../src/node';
import { expectDisjointShares, expectExactResume, expectTypedEnd } from './promises';
import { expected, fixture, keys, pictures, readAll, sha256 } from './read-all';

const folder = diskFolder(fixture('tables'));
const map = { image: 'picture', text: 'caption' };
const table = (name: string, options: CsvOptions = {}) =>
  csvSource([folder.file(name)], { images: folder, map, ...options });
const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (content: string, options: CsvOptions = {}, name = 'a.csv') =>
  csvSource([memoryFolder(new Map([[name, utf8(content)]])).file(name)], options);
const lines = (...objects: readonly unknown[]) =>
  memoryFolder(
    new Map([
      [
        'captions.jsonl',
        utf8(
          objects.map(object => (typeof object === 'string' ? object : JSON.stringify(object))).join('\n'),
        ),
      ],
    ]),
  );

describe('what pandas reads', () => {
  test.each(['pairs', 'windows'])('%s.csv', async name => {
    const want = expected('tables')[name];
    const samples = await readAll(table(`${name}.csv`));
    expect(samples.map(({ key, text, fields }) => ({ key, text, fields }))).toEqual(
      want.map((row: Record<string, unknown>) => ({
        key: row.id,
        text: row.caption,
        fields: { likes: String(row.likes) },
      })),
    );
    expect(samples[3]!.images[0]!.path).toBe('p/3.jpg');
    expect((await pictures(samples[3]!))[0]).toBe(sha256(await folderBytes('p/3.jpg')));
  });

  test('quotes in the middle of a field, and behind its closing quote', async () => {
    const samples = await readAll(table('odd.csv', { map: {} }));
    const want = expected('tables').odd;
    expect(samples.map(({ key, text }) => [key, text])).toEqual([
      ['a', want[0].caption],
      ['b', want[1].caption],
    ]);
  });

  test('Conceptual Captions: tabs, no header, no quoting', async () => {
    const samples = await readAll(table('conceptual.tsv', { format: 'tsv', map: { text: '0', url: '1' } }));
    expect(samples.map(({ text, images }) => [text, images[0]!.path])).toEqual(expected('tables').conceptual);
    await expect(samples[0]!.images[0]!.bytes()).rejects.toBeInstanceOf(DataError);
  });
});

const folderBytes = async (path: string) => {
  const source = await folder.file(path).open();
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes);
  return bytes;
};

describe('the position', () => {
  test('is exact behind 50 random samples of a table, quotes and line ends included', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é', ' ', '🦊') });
    await fc.assert(
      fc.asyncProperty(fc.array(field, { minLength: 50, maxLength: 60 }), async fields => {
        const rows = fields.map((value, i) => `k${i},"x${value.replaceAll('"', '""')}"`);
        const open = () => text(`id,text\n${rows.join('\n')}\n`);
        expect((await readAll(open())).map(sample => sample.text)).toEqual(fields.map(value => `x${value}`));
        await expectExactResume(open, fc.sample(fc.nat(fields.length), 50));
        await expectDisjointShares(open, [2, 3]);
      }),
      { numRuns: 3 },
    );
  });

  test('is exact in files of JSON lines, and in captions.jsonl, whose keys depend on earlier lines', async () => {
    const objects = Array.from({ length: 12 }, (_, i) => ({ image: `${i % 4}.png`, text: `t${i}` }));
    const place = lines(...objects.slice(0, 5), 'no JSON', ...objects.slice(5));
    await expectExactResume(
      () => jsonlSource([place.file('captions.jsonl')], { images: place }),
      [0, 1, 5, 6, 12],
    );
    await expectExactResume(() => captionsSource(place), [0, 1, 5, 6, 12]);
    await expectDisjointShares(() => captionsSource(place), [2, 3]);
    expect((await keys(captionsSource(place))).slice(3, 6)).toEqual(['3', '0#2', '1#2']);
  });
});

describe('faults', () => {
  test('a column that is not there is an error that names those that are', async () => {
    await expect(keys(table('pairs.csv', { map: { text: 'captoin' } }))).rejects.toThrow(
      /has no column "captoin"; it has id, picture, caption, likes; did you mean "?caption"?/,
    );
    await expect(keys(text('a,b\n1,2\n'))).rejects.toThrow(/none of its columns \(a, b\) is known/);
  });

  test('a row that cannot be used is skipped and counted, with its line', async () => {
    const reader = text('id,text\na,one\nb,two,three\nc,\nd,four\n').read();
    expect(await keys(reader)).toEqual(['a', 'd']);
    expect(reader.skipped()).toMatchObject({
      count: 2,
      reasons: ['folder/a.csv:3: 3 fields, and 2 columns', 'folder/a.csv:4: neither a picture nor a text'],
    });
  });

  test('a path that leaves the folder is skipped and counted', async () => {
    const reader = text(
      'image,text\n../../etc/passwd,x\n/etc/passwd,x\nok.png,x\nC:\\a.png,x\na/../../b.png,x\n',
      {
        images: folder,
      },
    ).read();
    expect((await readAll(reader)).map(({ images }) => images[0]!.path)).toEqual(['ok.png']);
    expect(reader.skipped().count).toBe(4);
    expect(reader.skipped().reasons[0]).toBe('folder/a.csv:2: "../../etc/passwd" lies outside the folder');
  });

  test('a quote that is never closed, and bytes that are not UTF-8, name file and line', async () => {
    await expect(keys(text('text\na\n"b\nc\n'))).rejects.toThrow(
      'folder/a.csv:3: a quote that opens in this record',
    );
    const bytes = new Uint8Array([...utf8('text\na\n'), 0xff, 0x0a]);
    const place = memoryFolder(new Map([['a.csv', bytes]]));
    await expect(keys(csvSource([place.file('a.csv')]))).rejects.toThrow(/^folder\/a\.csv:3: not UTF-8/);
  });

  test('a line of JSON that cannot be used is skipped and counted', async () => {
    const place = lines(
      { text: 'a' },
      '[1]',
      { text: 7 },
      { image: '../x.png' },
      {},
      { text: 'b', id: 'x' },
      { text: 'c', id: 'x' },
    );
    const reader = captionsSource(place).read();
    expect(await keys(reader)).toEqual(['line-1', 'x']);
    expect(reader.skipped().count).toBe(5);
  });

  test('cut off anywhere: whole samples, then the end or a typed error', async () => {
    const whole = await folderBytes('pairs.csv');
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), async end => {
        const place = memoryFolder(new Map([['a.csv', whole.subarray(0, end)]]));
        await expectTypedEnd(() => csvSource([place.file('a.csv')], { map: { text: 'caption' } }));
      }),
      { numRuns: 50 },
    );
  });

  test('a file that is not there is DATA_NOT_FOUND', async () => {
    await expect(keys(csvSource([diskFile(fixture('none.csv'))]))).rejects.toMatchObject({
      code: 'DATA_NOT_FOUND',
    });
  });
});
