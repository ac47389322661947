import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStorage } from '@simvlm/checkpoint';
import { DataError, type Example, type ExampleDataset, type Sample, type SampleSource } from '@simvlm/core';
import { arrayDataset, memoryFolder, openSource, partsSource } from '@simvlm/data';
import { pickBackend } from '@simvlm/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRun, type RunConfigInput, resolveRunConfig, silent } from '../src/index';
import { loadRunData, runRegistry } from '../src/node';
import { coresFor } from '../src/node/cores';
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
  options: Partial<Parameters<typeof loadRunData>[1]> = {},
) {
  const registry = (await runRegistry()).use({
    name: 'here',
    setup(own) {
      for (const [name, source] of Object.entries(sources)) own.register('source', name, async () => source);
    },
  });
  return loadRunData(config(change), { registry, reporter: silent, ...options });
}

/** Samples as a source. */
function sourceOf(samples: readonly Sample[], onRead?: (key: string) => void): SampleSource {
  async function* rows(from: unknown) {
    for (let i = Number(from ?? 0); i < samples.length; i++) {
      onRead?.(samples[i]!.key);
      yield { sample: samples[i]!, after: i + 1 };
    }
  }
  return partsSource('webdataset', [{ name: 'samples', version: async () => 1, rows }]);
}

/** A source that counts the records that are read. */
function counted(inner: SampleSource) {
  const counts = { read: 0, counted: 0 };
  const source: SampleSource = {
    ...{ name: inner.name, identity: () => inner.identity(), order: options => inner.order(options) },
    count() {
      counts.counted++;
      return inner.count();
    },
    read() {
      const reader = inner.read();
      return {
        ...{ format: 'webdataset', state: () => reader.state(), restore: () => {} },
        skipped: () => reader.skipped(),
        async *[Symbol.asyncIterator]() {
          for await (const sample of reader) {
            counts.read++;
            yield sample;
          }
        },
      };
    },
  };
  return { source, counts };
}

const idsOf = (val: ExampleDataset) =>
  Promise.all(Array.from({ length: val.length }, async (_, i) => (await val.get(i)).id));

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
      ...{ config: given, data: loaded, model: { imageSize: 8 }, cores: 1, share: { rank: 0, size: 1 } },
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
    const { source, counts } = counted(await captioned(300));
    const { captions } = await load({ init: 'emoji' }, { a: source });
    expect(counts.read).toBe(100);
    expect(captions).toHaveLength(100);
    await load({}, { a: source }, { goesOn: true });
    expect(counts.read).toBe(100 + 100);
    await load({}, { a: source });
    expect(counts.read).toBe(100 + 100 + 100 + 600);
  });

  it('is split by the place of a picture in its file where paths are alike', async () => {
    const samples = Array.from({ length: 20 }, (_, i) => ({
      ...{ key: `${i}`, text: `caption ${i}` },
      images: [{ path: 'image.png', place: `a.parquet: row ${i}`, bytes: async () => new Uint8Array(png) }],
    }));
    const data = { train: { source: 'a' }, valShare: 0.25 };
    const { train, val } = await load({ data }, { a: sourceOf(samples) });
    expect([await keysOf(train[0]!.source), await idsOf(val!)].map(({ length }) => length)).toEqual([15, 5]);
  });

  it('keeps of a validation picture its own bytes, copied before the next record is read', async () => {
    let opened = 0;
    let latest: string | undefined;
    const atOnce = new Set<string>();
    const samples = Array.from({ length: 20 }, (_, i): Sample => {
      const piece = new Uint8Array(4 * png.length);
      piece.set(png);
      return {
        ...{ key: `${i}`, text: `caption ${i}` },
        images: [
          {
            path: `${i}.png`,
            async bytes() {
              opened++;
              if (latest === `${i}`) atOnce.add(latest);
              return piece.subarray(0, png.length);
            },
          },
        ],
      };
    });
    const source = sourceOf(samples, key => void (latest = key));
    const { val } = await load({ data: { train: { source: 'a' }, valShare: 0.5 } }, { a: source });
    const before = opened;
    expect((await idsOf(val!)).filter(id => !atOnce.has(id))).toEqual([]);
    expect(opened).toBe(before);
  });

  it('gives validation pictures in the order of the draw: the first so many are drawn evenly', async () => {
    const data = { train: { source: 'a' }, valShare: 0.5 };
    const examplesOfA = arrayDataset(examples('a', 200));
    for (const a of [await captioned(200), examplesOfA]) {
      const { val } = await load({ data }, { a });
      const numbers = (await idsOf(val!)).map(id => Number(/\d+/.exec(id)![0]));
      const first = numbers.slice(0, 40);
      // In stored order all of them would come before the middle.
      expect(first.filter(n => n >= 100).length).toBeGreaterThan(8);
      expect(first.filter(n => n < 100).length).toBeGreaterThan(8);
    }
  });

  it('is one of several that validation pictures come from in equal parts', async () => {
    const data = { train: [{ source: 'a' }, { source: 'b' }], valShare: 0.5 };
    const sources = { a: arrayDataset(examples('a', 20)), b: arrayDataset(examples('b', 20)) };
    const { val } = await load({ data }, sources);
    const first = (await idsOf(val!)).slice(0, 8);
    expect(first.filter(id => id.startsWith('a'))).toHaveLength(4);
  });

  it('as the validation data gives its first pictures, and as documents its texts', async () => {
    const { val, documents } = await load(
      {
        data: { train: { source: 'a' }, val: { source: 'v' }, documents: { source: 'd' } },
        evaluation: { pictures: 3 },
      },
      { a: await captioned(4, 2), v: await captioned(10), d: await captioned(1, 9) },
    );
    expect(val!.length).toBe(3);
    // Not those two that are found among the pictures.
    expect(documents).toHaveLength(1);
    expect(await keysOf(documents[0]!.source)).toHaveLength(11);
  });

  it('as documents is neither read to its end nor counted where nothing needs it', async () => {
    const { source, counts } = counted(await captioned(1, 300));
    const data = { train: { source: 'a' }, documents: { source: 'd' } };
    const sources = { a: arrayDataset(examples('a', 4)), d: source };
    await load({ data, init: 'emoji' }, sources);
    expect(counts.read).toBe(100);
    const batch = { imageText: 4, textOnly: 0 };
    const loaded = await load({ data, batch }, sources);
    expect(counts.read).toBe(100);
    const opened = async (change: Partial<RunConfigInput>) =>
      openStreams({
        ...{
          config: config({ data, epochs: 1, steps: undefined, ...change }),
          data: loaded,
          model: { imageSize: 8 },
        },
        ...{ cores: 1, share: { rank: 0, size: 1 }, objective: () => (() => undefined) as never },
      });
    const [with8, without] = [await opened({}), await opened({ batch })];
    expect([with8.documents !== undefined, without.documents !== undefined]).toEqual([true, false]);
    expect(counts.counted).toBe(0);
    await Promise.all([with8.close(), without.close()]);
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(load({ data }, sources, { signal })).rejects.toThrow('stopped');
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

it('a text file may have any number of lines', async () => {
  const file = join(root, 'many.txt');
  writeFileSync(file, 'a\n'.repeat(200_000));
  const data = { train: { source: 'a' }, documents: file };
  const { texts } = await load({ data }, { a: arrayDataset(examples('a', 4)) });
  expect(texts.length).toBe(200_000);
});

it('streams that cannot be opened are one error, heard by the caller', async () => {
  const unheard: unknown[] = [];
  const hear = (error: unknown) => unheard.push(error);
  process.on('unhandledRejection', hear);
  try {
    const slow = async () => {
      await new Promise(resolve => setTimeout(resolve, 50));
      return 'slow';
    };
    const fails = () => Promise.reject(new Error('gone'));
    const source = await captioned(2);
    const withIdentity = (identity: () => Promise<string>) => ({
      source: { ...source, identity } as SampleSource,
    });
    const opening = openStreams({
      ...{
        config: config({}),
        data: { train: [withIdentity(slow)], documents: [withIdentity(fails)] },
        model: { imageSize: 8 },
      },
      ...{ cores: 1, share: { rank: 0, size: 1 }, objective: () => (() => undefined) as never },
    });
    await expect(opening).rejects.toThrow('gone');
    await new Promise(resolve => setTimeout(resolve, 60));
    expect(unheard).toEqual([]);
  } finally {
    process.off('unhandledRejection', hear);
  }
});

describe('several processes', () => {
  it('load side by side: none waits for another where nothing is drawn', async () => {
    let waits = 0;
    const processes = { rank: 1, barrier: async () => void waits++ };
    await load({}, { a: arrayDataset(examples('a', 4)) }, { processes });
    expect(waits).toBe(0);
  });

  it.each([
    [1, {}, 16],
    [8, { LOCAL_WORLD_SIZE: '4', MASTER_ADDR: '10.0.0.1' }, 4],
    [8, { MASTER_ADDR: '127.0.0.1' }, 2],
    [8, { MASTER_ADDR: '10.0.0.1' }, 16],
    [64, { LOCAL_WORLD_SIZE: '64' }, 1],
  ])('%i with %j have %i of 16 cores each', (processes, environment, cores) => {
    expect(coresFor(processes, { environment, cores: 16 })).toBe(cores);
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
