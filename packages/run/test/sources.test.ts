import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStorage } from '@simvlm/checkpoint';
import { DataError, type Example, Random, type SampleSource } from '@simvlm/core';
import { arrayDataset, memoryFolder, openSource } from '@simvlm/data';
import { pickBackend } from '@simvlm/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRun, type RunConfigInput, resolveRunConfig, silent } from '../src/index';
import { loadRunData, runRegistry } from '../src/node';
import { TextDraw } from '../src/sources/text-draw';
import { openStreams } from '../src/streams';

let root: string;
beforeAll(async () => {
  await pickBackend({ prefer: 'wasm' });
  root = mkdtempSync(join(tmpdir(), 'run-sources-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const grey = (value: number) => ({ width: 8, height: 8, data: new Uint8Array(192).fill(value) });
const examples = (name: string, count: number): Example[] =>
  Array.from({ length: count }, (_, i) => ({ id: `${name}-${i}`, text: `${name} ${i}`, image: grey(i) }));

/** Eight by eight red pixels. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mP8z4AdMDEMKQkAzUEBD7t4NqoAAAAASUVORK5CYII=',
  'base64',
);

/** A folder in memory with `captions.jsonl`: pictures with two captions each, and some lines without any. */
async function captioned(pictures: number, documents = 0): Promise<SampleSource> {
  const lines = [
    ...Array.from({ length: 2 * pictures }, (_, i) => ({ image: `${i >> 1}.png`, text: `caption ${i}` })),
    ...Array.from({ length: documents }, (_, i) => ({ text: `document ${i}` })),
  ];
  const files = new Map<string, Uint8Array>(
    Array.from({ length: pictures }, (_, i) => [`${i}.png`, new Uint8Array(png)]),
  );
  files.set('captions.jsonl', new TextEncoder().encode(lines.map(line => JSON.stringify(line)).join('\n')));
  return openSource({ folder: memoryFolder(files) });
}

const config = (change: Partial<RunConfigInput>) =>
  resolveRunConfig({
    name: 'sources',
    model: {
      ...{ architecture: 'decoder-only', imageSize: 8, width: 16, layers: 1, heads: 2, mlp: 32 },
      ...{ maxTextLength: 8, patcher: { kind: 'linear', patchSize: 4 } },
    },
    data: { train: { source: 'a' } },
    tokenizer: { vocabSize: 40 },
    batch: { imageText: 4, textOnly: 4 },
    optimizer: { learningRate: 1e-2 },
    steps: 4,
    ...change,
  });

async function load(
  change: Partial<RunConfigInput>,
  sources: Record<string, SampleSource | ReturnType<typeof arrayDataset>>,
) {
  const registry = (await runRegistry()).use({
    name: 'here',
    setup(own) {
      for (const [name, source] of Object.entries(sources)) own.register('source', name, async () => source);
    },
  });
  return loadRunData(config(change), { registry, imageSize: 8, reporter: silent });
}

async function keysOf(source: SampleSource): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of source.read()) keys.push(key);
  return keys;
}

describe('a mixture', () => {
  it('keeps its weights at every moment, and each source has its own objective', async () => {
    const data: RunConfigInput['data'] = {
      train: [
        { source: 'a', weight: 3 },
        { source: 'b', objective: { kind: 'captioning' } },
      ],
    };
    const sources = { a: arrayDataset(examples('a', 5)), b: arrayDataset(examples('b', 40)) };
    const given = config({ data });
    const loaded = await load({ data }, sources);
    const named: string[] = [];
    const { train, close } = await openStreams({
      ...{ config: given, data: loaded, imageSize: 8, cores: 1, share: { rank: 0, size: 1 } },
      objective({ kind }) {
        named.push(kind);
        return (() => undefined) as never;
      },
    });
    expect(named).toEqual(['captioning']);
    const counts = { a: 0, b: 0 };
    for (let n = 1; n <= 80; n++) {
      const { example, objective } = await train!.next();
      const name = example.id[0] as 'a' | 'b';
      counts[name]++;
      expect(objective !== undefined).toBe(name === 'b');
      expect(Math.abs(counts.a - 0.75 * n)).toBeLessThanOrEqual(1);
    }
    expect(counts).toEqual({ a: 60, b: 20 });
    expect(train!.length).toBe(45);
    await close();
  });
});

describe('a source that is read in order', () => {
  it('is split by picture, and its lines without a picture are documents', async () => {
    const source = await captioned(20, 6);
    const { train, val, captions, texts, documents } = await load(
      { data: { train: { source: 'a' }, valShare: 0.25 } },
      { a: source },
    );
    const trained = await keysOf(train[0]!.source);
    const validated = await Promise.all(
      Array.from({ length: val!.length }, async (_, i) => (await val!.get(i)).id),
    );
    const pictureOf = (key: string) => key.split('#')[0]!;
    expect([trained.length, validated.length, train[0]!.length]).toEqual([30, 10, 30]);
    expect(new Set(validated.map(pictureOf)).size).toBe(5);
    expect(validated.filter(key => trained.map(pictureOf).includes(pictureOf(key)))).toEqual([]);
    expect(captions).toHaveLength(30);
    expect([texts.length, documents[0]!.length]).toEqual([6, 6]);
    expect((await val!.get(0)).image).toMatchObject({ width: 8, height: 8 });
  });

  it('is looked at, and not read to its end, where nothing depends on all of its texts', async () => {
    const inner = await captioned(300);
    let read = 0;
    const counted: SampleSource = {
      ...{ name: inner.name, count: () => inner.count(), identity: () => inner.identity() },
      order: options => inner.order(options),
      read() {
        const reader = inner.read();
        return {
          ...{
            format: 'webdataset',
            state: () => reader.state(),
            restore: () => {},
            skipped: () => reader.skipped(),
          },
          async *[Symbol.asyncIterator]() {
            for await (const sample of reader) {
              read++;
              yield sample;
            }
          },
        };
      },
    };
    const { captions } = await load({ init: 'emoji' }, { a: counted });
    expect(read).toBe(100);
    expect(captions).toHaveLength(100);
    await load({}, { a: counted });
    expect(read).toBe(100 + 100 + 600);
  });

  it('as the validation data gives its first pictures, and as documents its texts', async () => {
    const { val, documents } = await load(
      {
        data: { train: { source: 'a' }, val: { source: 'v' }, documents: { source: 'd' } },
        evaluation: { pictures: 3 },
      },
      { a: await captioned(4), v: await captioned(10), d: await captioned(1, 9) },
    );
    expect(val!.length).toBe(3);
    expect(await keysOf(documents[0]!.source)).toHaveLength(11);
  });

  it('of the program trains a model, the same in each run', async () => {
    const losses = async () => {
      const seen: number[] = [];
      const run = await openRun(config({}), { sources: { a: await captioned(20, 3) } });
      await run.train({ callbacks: [{ onStep: ({ loss }) => void seen.push(loss) }] });
      run.dispose();
      return seen;
    };
    const first = await losses();
    expect(first).toHaveLength(4);
    expect(await losses()).toEqual(first);
  });

  it('with nothing that can be used is refused before training', async () => {
    writeFileSync(join(root, 'captions.jsonl'), '{"image": "lost.png", "text": "x"}\n');
    await expect(load({ data: { train: root } }, {})).rejects.toThrow(
      /captions\.jsonl: none of 1 picture can be used; the first: cannot read .*lost\.png/,
    );
    writeFileSync(join(root, 'captions.jsonl'), 'not json\n');
    await expect(load({ data: { train: root } }, {})).rejects.toThrow(DataError);
  });
});

describe('what is not there is named with its key', () => {
  it.each([
    [{ train: 'nowhere' }, '"data.train": nowhere: there is no such file or folder'],
    [{ train: ['nowhere'] }, '"data.train.0": nowhere: there is no such file or folder'],
    [{ train: { path: 'nowhere.tar' } }, '"data.train": nowhere.tar: there is no such file or folder'],
    [{ train: { source: 'b' } }, 'no source "b"'],
    [{ train: { source: 'a' }, val: 'nowhere' }, '"data.val": nowhere: there is no such file'],
    [{ train: { source: 'a' }, documents: 'nowhere' }, '"data.documents": cannot read nowhere'],
  ])('%j', async (data, message) => {
    await expect(load({ data }, { a: arrayDataset(examples('a', 4)) })).rejects.toThrow(message);
  });
});

it('a run goes on only with sources that are used as before', async () => {
  const sources = { a: arrayDataset(examples('a', 8)) };
  const storage = memoryStorage();
  const run = await openRun(config({ steps: 1 }), { sources, storage });
  await run.train();
  run.dispose();
  const data = { train: { source: 'a', augment: 'crop' as const } };
  const other = await openRun(config({ data }), { sources, storage });
  await expect(other.train({ resume: true })).rejects.toThrow(
    'another configuration: how the sources of data.train are used [{}] → [{"augment":"crop"}]',
  );
});

it('texts are drawn evenly from however many, and each is kept once', () => {
  const draw = new TextDraw(100, Random.fromSeed(1));
  for (let i = 0; i < 1000; i++) draw.add(`text ${i}`);
  const numbers = draw.texts.map(text => Number(text.slice(5)));
  expect(new Set(numbers).size).toBe(100);
  // Ten of each hundred, give or take four standard deviations.
  for (let from = 0; from < 1000; from += 100)
    expect(Math.abs(numbers.filter(n => n >= from && n < from + 100).length - 10)).toBeLessThan(12);
  const few = new TextDraw(100, Random.fromSeed(1));
  for (const text of ['a', 'b', 'a', ' ']) few.add(text);
  expect(few.texts).toEqual(['a', 'b']);
});
