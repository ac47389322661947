import { readFileSync } from 'node:fs';
import { ConfigError, type Sample } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import {
  expandBraces,
  listLine,
  memoryFolder,
  type OpenOptions,
  openReader,
  recognise,
} from '../../src/index';
import { fileAt, folderAt, placeAt } from '../../src/node';
import { fixture, keys, readAll } from './read-all';

const images = folderAt(fixture('annotations/images'));
const cases: [string, string[], number, OpenOptions?][] = [
  ['webdataset', ['webdataset/plain-{000000..000003}.tar'], 10],
  ['webdataset', ['webdataset/packed.tar'], 4],
  ['parquet', ['parquet/laion-zstd.parquet'], 8],
  ['arrow', ['arrow/saved'], 7],
  ['arrow', ['arrow/stream.arrow', 'arrow/file.arrow'], 40],
  ['csv', ['tables/pairs.csv'], 12],
  ['tsv', ['tables/conceptual.tsv'], 2, { map: { text: '0', url: '1' } }],
  ['jsonl', ['imagefolder/jsonl/train/metadata.jsonl'], 6],
  ['imagefolder', ['imagefolder/csv'], 6],
  ['imagefolder', ['imagefolder/labels'], 7],
  ['coco', ['annotations/captions_val2014.json'], 4, { images }],
  ['nocaps', ['annotations/nocaps_val.json'], 4, { images }],
  ['karpathy', ['annotations/dataset_coco.json'], 4, { images }],
  ['vqav2', ['annotations/v2_OpenEnded_mscoco_val2014_questions.json'], 4, { images }],
  ['nlvr2', ['annotations/nlvr2_dev.json'], 2, { images }],
  ['snli-ve', ['annotations/snli_ve_dev.jsonl'], 2, { images }],
  ['flickr30k', ['annotations/results_20130124.token'], 3, { images }],
  ['flickr30k', ['annotations/results.csv'], 3, { images }],
  ['textcaps', ['annotations/TextCaps_0.1_val.json'], 3, { images }],
  ['parallel', ['annotations/text.en', 'annotations/text.de'], 3],
  ['parallel', ['annotations/text.en', 'annotations/text.de', 'annotations/text.images'], 3, { images }],
];

test.each(cases)('%s is recognised and read: %s', async (format, sources, count, options) => {
  const place = await placeAt(sources.map(fixture));
  expect(await recognise(place)).toBe(format);
  const reader = await openReader(place, options);
  expect(reader.format).toBe(format);
  expect(await keys(reader)).toHaveLength(count);
});

test('a folder of Parquet files has the splits of their names', async () => {
  const bytes = new Uint8Array(readFileSync(fixture('parquet/laion-zstd.parquet')));
  const names = [
    'data/train-00000-of-00002.parquet',
    'data/train-00001-of-00002.parquet',
    'data/test-00000-of-00001.parquet',
  ];
  const folder = memoryFolder(new Map(names.map(name => [name, bytes])));
  const splits = async (split?: string) =>
    (await readAll(await openReader({ folder }, split ? { split } : {}))).map(sample => sample.split);
  expect(await splits()).toEqual([...Array(8).fill('test'), ...Array(16).fill('train')]);
  expect(await splits('train')).toEqual(Array(16).fill('train'));
  await expect(splits('val')).rejects.toThrow(/its splits: test, train/);
});

test('a split leaves out the samples of others, and belongs to those that name none', async () => {
  const table = new TextEncoder().encode('id,text,split\na,x,train\nb,x,test\nc,x,\nd,x,restval\n');
  const folder = memoryFolder(new Map([['a.csv', table]]));
  const open = (split?: string) => openReader({ folder, files: [folder.file('a.csv')] }, { split });
  expect(await keys(await open())).toEqual(['a', 'b', 'c', 'd']);
  expect((await readAll(await open('train'))).map(({ key, split }) => [key, split])).toEqual([
    ['a', 'train'],
    ['c', 'train'],
  ]);
  expect(await keys(await open('train+restval'))).toEqual(['a', 'c', 'd']);
  const shards = await openReader(await placeAt([fixture('webdataset/packed.tar')]), { split: 'val' });
  expect((await readAll(shards)).map(({ split }) => split)).toEqual(Array(4).fill('val'));
});

describe('what does not fit', () => {
  test('is an error that says what to do', async () => {
    await expect(placeAt([fixture('none.tar')])).rejects.toMatchObject({ code: 'DATA_NOT_FOUND' });
    await expect(placeAt([fixture('tables'), fixture('parquet')])).rejects.toThrow(/a folder is read alone/);
    const unknown = { folder: memoryFolder(new Map([['notes.txt', new Uint8Array(3)]])) };
    await expect(recognise(unknown)).rejects.toThrow(
      'not recognised; name it ("format", or --format): webdataset',
    );
    await expect(openReader(unknown, { format: 'coco' })).rejects.toThrow(/read from a file/);
    const csv = await placeAt([fixture('tables/pairs.csv')]);
    await expect(openReader(csv, { annotations: fileAt('x') })).rejects.toThrow(
      'csv takes no second file of annotations',
    );
    const tar = await placeAt([fixture('webdataset/packed.tar')]);
    await expect(openReader(tar, { images })).rejects.toThrow('webdataset takes no folder of pictures');
    const coco = await placeAt([fixture('annotations/captions_val2014.json')]);
    await expect(openReader(coco, { map: { text: 'x' } })).rejects.toThrow('coco takes no map of columns');
    await expect(openReader(csv, { format: 'imagefolder' })).rejects.toThrow(/read from a folder/);
  });
});

test('brace ranges: padded, lists, several, and braces that are none', () => {
  expect(expandBraces('a{08..11}.tar')).toEqual(['a08.tar', 'a09.tar', 'a10.tar', 'a11.tar']);
  expect(expandBraces('{2..0}')).toEqual(['2', '1', '0']);
  expect(expandBraces('{a,b}{0..1}')).toEqual(['a0', 'a1', 'b0', 'b1']);
  expect(expandBraces('x{a,{0..1}}')).toEqual(['xa', 'x0', 'x1']);
  expect(expandBraces('{x}.tar')).toEqual(['{x}.tar']);
  expect(expandBraces('plain.tar')).toEqual(['plain.tar']);
  expect(() => expandBraces('{0..99999999999}')).toThrow(ConfigError);
});

describe('a line of the list', () => {
  const sample: Sample = {
    key: 'k',
    images: [{ path: 'a.png', bytes: async () => new Uint8Array(3) }],
    text: 't',
    answers: ['x'],
    label: 0,
    fields: { more: 1 },
  };
  const facts = { sha256: 'ab', width: 4, height: 3 };

  test('has the key, the pictures and what there is of texts, and no other field', async () => {
    expect(JSON.stringify(await listLine(sample, async () => facts))).toBe(
      '{"key":"k","images":[{"path":"a.png","sha256":"ab","width":4,"height":3}],"text":"t","answers":["x"],"label":0}',
    );
  });

  test('opens no picture without being told how, and none that is an address', async () => {
    expect((await listLine(sample)).images).toEqual([{ path: 'a.png' }]);
    const bytes = () => Promise.reject(new Error('opened'));
    const remote = { ...sample, images: [{ path: 'http://x.test/a', isRemote: true as const, bytes }] };
    expect((await listLine(remote, async () => facts)).images).toEqual([{ path: 'http://x.test/a' }]);
  });
});
