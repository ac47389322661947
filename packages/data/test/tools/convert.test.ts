import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryBytes } from '@simvlm/bytes';
import { DataError, type JsonValue, type Reader, type Sample } from '@simvlm/core';
import { type Folder, listLine, type OpenOptions, openReader } from '@simvlm/data';
import { type ConvertOptions, convertToShards, fileAt, placeAt } from '@simvlm/data/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fixture, readAll, sha256 } from '../readers/read-all';
import { missing, pngHeader, readerOf, stored } from './fixture';

let folder: string;
const out = (name = 'out') => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simvlm-convert-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options = (more: Partial<ConvertOptions> = {}): ConvertOptions => ({
  folder: out(),
  settings: { sources: ['test'] },
  limit: { samples: 3 },
  ...more,
});

/** What `simvlm data list` says, but for the paths of the pictures: they are now in the shards. */
async function listed(reader: Reader): Promise<JsonValue[]> {
  const lines: JsonValue[] = [];
  for await (const sample of reader) {
    const facts = async (bytes: Uint8Array) => ({ sha256: sha256(bytes), width: 0, height: 0 });
    const { images, ...line } = await listLine(sample, image => image.bytes().then(facts));
    const hashes = (images as { sha256: string }[]).map(image => image.sha256);
    lines.push({ ...line, images: hashes } as JsonValue);
  }
  return lines;
}

const open = async (path: string, options: OpenOptions = {}) => openReader(await placeAt([path]), options);
const contents = (name?: string) =>
  Object.fromEntries(readdirSync(out(name)).map(file => [file, sha256(readFileSync(join(out(name), file)))]));

/** Any path is a picture, each another one. */
const anyPicture: Folder = {
  name: 'any',
  file: path => ({
    name: path,
    open: async () =>
      memoryBytes(pngHeader(8, 8, Number.parseInt(sha256(new TextEncoder().encode(path)).slice(0, 3), 16))),
  }),
};
const annotations = fileAt(fixture('annotations/v2_mscoco_val2014_annotations.json'));

describe('what is listed of the shards is what is listed of the source', () => {
  test.each<[string, OpenOptions]>([
    ['webdataset/plain-{000000..000003}.tar', {}],
    ['webdataset/packed.tar', {}],
    ['webdataset/names-pax.tar', {}],
    ['parquet/pairs.parquet', {}],
    ['parquet/train-00000-of-00001.parquet', {}],
    ['arrow/saved', {}],
    ['arrow/splits', { split: 'train' }],
    ['tables/pairs.csv', { map: { image: 'picture', text: 'caption' } }],
    ['imagefolder/labels', {}],
    ['imagefolder/jsonl', {}],
    ['img2dataset', {}],
    ['annotations/captions_val2014.json', { images: anyPicture }],
    ['annotations/nocaps_val.json', { images: anyPicture }],
    ['annotations/dataset_coco.json', { images: anyPicture }],
    ['annotations/v2_OpenEnded_mscoco_val2014_questions.json', { images: anyPicture, annotations }],
    ['annotations/nlvr2_dev.json', { images: anyPicture }],
    ['annotations/snli_ve_dev.jsonl', { images: anyPicture }],
    ['annotations/results_20130124.token', { images: anyPicture }],
    ['annotations/TextCaps_0.1_val.json', { images: anyPicture }],
    ['annotations/text.{en,de}', { format: 'parallel' }],
    ['annotations/text.{en,de,images}', { format: 'parallel', images: anyPicture }],
  ])('%s', async (path, how) => {
    const source = await listed(await open(fixture(path), how));
    const { samples, shards, skipped } = await convertToShards(await open(fixture(path), how), options());
    expect(source.length).toBeGreaterThan(1);
    expect(await listed(await open(out()))).toEqual(source);
    expect(samples).toBe(source.length);
    expect(JSON.parse(readFileSync(join(out(), 'sizes.json'), 'utf8'))).toEqual(shards);
    const { skipped: before } = await open(fixture(path), how).then(async reader => {
      await readAll(reader);
      return { skipped: reader.skipped() };
    });
    expect(skipped.count).toBe(before.count);
  });
});

const numbered = (count: number): Sample[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `k${i}`,
    images: [stored(`${i}.png`, pngHeader(9, 9, i))],
    text: `caption ${i}`,
    label: i,
  }));

test('the same source gives the same bytes, whatever the number of workers', async () => {
  await convertToShards(readerOf(numbered(20)), options({ folder: out('a'), workers: 1 }));
  await convertToShards(readerOf(numbered(20)), options({ folder: out('b'), workers: 7 }));
  expect(contents('a')).toEqual(contents('b'));
  expect(Object.keys(contents('a'))).toHaveLength(7 + 2);
});

test.each([1, 2, 3, 7, 8, 9, 19])(
  'stopped after %i samples and run again, the shards are those of one run',
  async stop => {
    await convertToShards(readerOf(numbered(20)), options({ folder: out('whole') }));
    const samples = numbered(20).map((sample, i) =>
      i === stop
        ? { ...sample, images: [{ path: 'x', bytes: () => Promise.reject(new Error('killed')) }] }
        : sample,
    );
    await expect(convertToShards(readerOf(samples), options())).rejects.toThrow('killed');
    expect(readdirSync(out()).filter(name => name.includes('tmp'))).toEqual([]);
    expect(readdirSync(out()).filter(name => name.endsWith('.tar'))).toHaveLength(
      // A shard is closed when the sample behind it was read.
      Math.ceil(stop / 3) - 1,
    );
    const { samples: count } = await convertToShards(readerOf(numbered(20)), options());
    expect(count).toBe(20);
    expect(contents()).toEqual(contents('whole'));
  },
);

test('a conversion that is complete is left as it is', async () => {
  await convertToShards(readerOf(numbered(4)), options());
  const before = contents();
  expect(await convertToShards(readerOf(numbered(4)), options())).toMatchObject({
    samples: 4,
    shards: { '00000.tar': 3, '00001.tar': 1 },
  });
  expect(contents()).toEqual(before);
});

test('a shard ends before it would have more bytes than allowed, and holds one sample at least', async () => {
  // A sample: three headers and three contents that are each filled up to 512 bytes. The end of the archive: 1,024 bytes.
  await convertToShards(
    readerOf(numbered(5)),
    options({ folder: out('two'), limit: { bytes: 2 * 3 * 1024 + 1024 } }),
  );
  await convertToShards(readerOf(numbered(5)), options({ folder: out('one'), limit: { bytes: 10 } }));
  const sizes = (name: string) =>
    Object.values(JSON.parse(readFileSync(join(out(name), 'sizes.json'), 'utf8')));
  expect(readFileSync(join(out('two'), '00000.tar'))).toHaveLength(2 * 3 * 1024 + 1024);
  expect(sizes('two')).toEqual([2, 2, 1]);
  expect(sizes('one')).toEqual([1, 1, 1, 1, 1]);
});

test('pictures that cannot be used are counted, across a stop too, and keys are left out', async () => {
  const samples = [
    ...numbered(4),
    { key: 'gone', images: [missing('gone.png')], text: 'gone' },
    { key: 'text', images: [stored('a.png', new TextEncoder().encode('no picture'))] },
    { key: 'address', images: [{ ...missing('http://x/a.jpg'), isRemote: true as const }] },
  ];
  const { samples: count, skipped } = await convertToShards(
    readerOf(samples, ['line 3: damaged']),
    options({ isLeftOut: key => key === 'k1' || key === 'k3' }),
  );
  expect(count).toBe(2);
  expect((await readAll(await open(out()))).map(({ key }) => key)).toEqual(['k0', 'k2']);
  expect(skipped.count).toBe(4);
  const again = await convertToShards(
    readerOf(samples, ['line 3: damaged']),
    options({ isLeftOut: key => key === 'k1' || key === 'k3' }),
  );
  expect(again.skipped.count).toBe(4);
});

test.each([undefined, 2, 4])(
  'samples are left out by their place, where their key is that of others too; stopped after %s',
  async stop => {
    const samples = numbered(8).map((sample, i) => ({ ...sample, key: `k${i % 2}` }));
    const isLeftOut = (key: string, index: number) => key === 'k1' && (index === 3 || index === 5);
    const limit = { samples: 1 };
    if (stop !== undefined) {
      const broken = { path: 'x', bytes: () => Promise.reject(new Error('killed')) };
      const cut = samples.map((sample, i) => (i === stop ? { ...sample, images: [broken] } : sample));
      await expect(convertToShards(readerOf(cut), options({ isLeftOut, limit }))).rejects.toThrow('killed');
    }
    await convertToShards(readerOf(samples), options({ isLeftOut, limit }));
    const kept = (await readAll(await open(out()))).map(({ label }) => label);
    expect(kept).toEqual([0, 1, 2, 4, 6, 7]);
  },
);

test('a conversion that was stopped before its first shard can be run again', async () => {
  const killed = { path: 'x', bytes: () => Promise.reject(new Error('killed')) };
  await expect(convertToShards(readerOf([{ key: 'a', images: [killed] }]), options())).rejects.toThrow(
    'killed',
  );
  // As if the kill had come between the rename of the shard and the next state.
  writeFileSync(join(out(), '00000.tar'), '');
  expect(await convertToShards(readerOf(numbered(4)), options())).toMatchObject({ samples: 4 });
});

test('a file that cannot be written is an OutputError', async () => {
  mkdirSync(join(out(), 'sizes.json', 'x'), { recursive: true });
  writeFileSync(
    join(out(), 'convert.json'),
    JSON.stringify({
      settings: options().settings,
      state: { shards: {}, samples: 0, source: 0, read: 0, skipped: { draws: 0, samples: [], reasons: [] } },
    }),
  );
  await expect(convertToShards(readerOf(numbered(4)), options())).rejects.toMatchObject({
    code: 'DISK_WRITE',
  });
});

test('keys that are no names of files are kept in JSON, and neighbours with one key stay two samples', async () => {
  const keys = [
    'a.b',
    '',
    '../up',
    '/root',
    'a//b',
    '__top__/x',
    'x\ny',
    'k',
    'k',
    'sample-000000008',
    'é'.repeat(150),
    '狐/é',
    '.hidden',
  ];
  const samples = keys.map((key, i): Sample => ({ key, images: [], text: `text ${i}` }));
  await convertToShards(readerOf(samples), options({ limit: { samples: 100 } }));
  const read = await readAll(await open(out()));
  expect(read.map(({ text }) => text)).toEqual(samples.map(({ text }) => text));
  // White space alone is no key.
  expect(read.map(({ key }) => key)).toEqual(
    keys.map((key, i) => (key === '' ? `sample-00000000${i}` : key)),
  );
});

test('a folder with something else, and other settings, are refused by name', async () => {
  await convertToShards(readerOf(numbered(4)), options());
  await expect(
    convertToShards(readerOf(numbered(4)), options({ settings: { sources: ['test'], resize: 64 } })),
  ).rejects.toThrow(/was begun with another resize; give that again, or a new folder/);
  writeFileSync(join(folder, 'mine.txt'), '');
  await expect(convertToShards(readerOf(numbered(4)), options({ folder }))).rejects.toThrow(
    /is not empty \(it holds mine\.txt|out\)/,
  );
  writeFileSync(join(out(), 'convert.json'), '{"settings":7}');
  await expect(convertToShards(readerOf(numbered(4)), options())).rejects.toThrow(DataError);
});
