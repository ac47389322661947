import type { Sample, SampleSource, TaskFactory } from '@simvlm/core';
import { arrayDataset, memoryFolder, openSource } from '@simvlm/data';
import { describe, expect, it } from 'vitest';
import { type RunConfigInput, resolveRunConfig, silent } from '../src/index';
import { loadRunData, runRegistry } from '../src/node';
import { openStreams } from '../src/streams';

/** Eight by eight red pixels. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mP8z4AdMDEMKQkAzUEBD7t4NqoAAAAASUVORK5CYII=',
  'base64',
);

/** Lines with a premise; the first so many have a picture, too. */
async function lines(pictured: number, plain: number): Promise<SampleSource> {
  const all = Array.from({ length: pictured + plain }, (_, i) => ({
    ...(i < pictured ? { image: 'a.png' } : {}),
    ...{ id: `line-${i}`, text: `hypothesis ${i}`, premise: `premise ${i}` },
  }));
  const text = all.map(line => JSON.stringify(line)).join('\n');
  return openSource({
    folder: memoryFolder(
      new Map([
        ['a.png', new Uint8Array(png)],
        ['captions.jsonl', new TextEncoder().encode(text)],
      ]),
    ),
  });
}

const asExamples: TaskFactory = Object.assign(() => expect.fail('no task is made'), {
  ...({ pictureless: 'examples', fields: () => ['premise'] } as const),
});

const config = (data: RunConfigInput['data'], kind = 'texts') =>
  resolveRunConfig({
    ...{ name: 'pictureless', data, task: { kind }, tokenizer: { vocabSize: 40 }, steps: 1 },
    model: {
      ...{ architecture: 'decoder-only', imageSize: 8, width: 16, layers: 1, heads: 2, mlp: 32 },
      ...{ maxTextLength: 8, patcher: { kind: 'linear', patchSize: 4 } },
    },
    batch: { imageText: 4, textOnly: 4 },
    optimizer: { learningRate: 1e-2 },
  });

async function load(
  given: ReturnType<typeof config>,
  sources: Record<string, SampleSource | ReturnType<typeof arrayDataset>>,
) {
  const registry = (await runRegistry()).use({
    name: 'here',
    setup(own) {
      own.register('task', 'texts', asExamples);
      for (const [name, source] of Object.entries(sources)) own.register('source', name, async () => source);
    },
  });
  return loadRunData(given, { registry, reporter: silent });
}

async function samplesOf(source: SampleSource): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of source.read()) samples.push(sample);
  return samples;
}

describe('a task whose examples may have no picture', () => {
  it('trains on all records of a source, learns its vocabulary from their fields, and has no documents', async () => {
    const data = await load(config({ train: { source: 'mixed' } }), { mixed: await lines(3, 5) });
    expect(await samplesOf(data.train[0]!.source)).toHaveLength(8);
    expect(data.train[0]!.length).toBe(8);
    expect(data.captions).toEqual(expect.arrayContaining(['hypothesis 7', 'premise 7']));
    expect(data.documents).toEqual([]);
  });

  it('is the exception: to another task the same lines without a picture are documents', async () => {
    const data = await load(config({ train: { source: 'mixed' } }, 'pretrain'), { mixed: await lines(3, 5) });
    expect(await samplesOf(data.train[0]!.source)).toHaveLength(3);
    expect(data.texts.length).toBe(5);
  });

  it.each(['lines', 'memory'])('splits examples off for validation: %s', async kind => {
    const examples = Array.from({ length: 10 }, (_, i) => ({ id: `e${i}`, text: `text ${i}` }));
    const source = kind === 'lines' ? await lines(0, 10) : arrayDataset(examples);
    const data = await load(config({ train: { source: 'texts' }, valShare: 0.3 }), { texts: source });
    const trained = (await samplesOf(data.train[0]!.source)).map(({ key }) => key);
    const validated = await Promise.all([0, 1, 2].map(async i => data.val!.get(i)));
    expect(data.val!.length).toBe(3);
    expect(validated.every(({ image }) => image === undefined)).toBe(true);
    expect(new Set([...trained, ...validated.map(({ id }) => id)]).size).toBe(10);
  });

  it.each(['lines', 'memory'])('validates on a source of text: %s', async kind => {
    const source = kind === 'lines' ? await lines(1, 4) : arrayDataset([{ id: 'a', text: 'a text' }]);
    const given = config({ train: { source: 'mixed' }, val: { source: 'texts' } });
    const { val } = await load(given, { mixed: await lines(2, 2), texts: source });
    expect(val!.length).toBe(kind === 'lines' ? 5 : 1);
  });

  it('gives each process its share of them, each record once in an epoch', async () => {
    const given = config({ train: { source: 'mixed' } });
    const data = await load(given, { mixed: await lines(2, 6) });
    const read = await Promise.all(
      [0, 1].map(async rank => {
        const { train, close } = await openStreams({
          ...{ config: given, data, model: { imageSize: 8 }, cores: 1, share: { rank, size: 2 } },
          ...{ objective: () => expect.fail(), pictureless: 'examples' },
        });
        const examples = [];
        for (let i = 0; i < 4; i++) examples.push((await train!.next()).example);
        expect(train!.skipped().count).toBe(0);
        await close();
        return examples;
      }),
    );
    const examples = read.flat();
    expect(new Set(examples.map(({ id }) => id)).size).toBe(8);
    expect(
      examples
        .filter(({ image }) => image)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['line-0', 'line-1']);
  });
});
