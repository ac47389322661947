import type { Sample, SampleSource } from '@simvlm/core';
import { arrayDataset, partsSource } from '@simvlm/data';
import { describe, expect, it } from 'vitest';
import { type RunConfigInput, resolveRunConfig, silent } from '../src/index';
import { loadRunData, runRegistry } from '../src/node';
import { openStreams } from '../src/streams';

/** Side of the model's pictures, and bytes of one. */
const SIZE = 8;
const BYTES = SIZE * SIZE * 3;

const config = (data: RunConfigInput['data']) =>
  resolveRunConfig({
    name: 'blank',
    model: {
      ...{ architecture: 'decoder-only', imageSize: SIZE, width: 16, layers: 1, heads: 2, mlp: 32 },
      ...{ maxTextLength: 8, patcher: { kind: 'linear', patchSize: 4 } },
    },
    ...{ data, tokenizer: { vocabSize: 40 }, batch: { imageText: 4, textOnly: 0 } },
    ...{ augment: 'drawing-strong', optimizer: { learningRate: 1e-2 }, steps: 1 },
  });

/** Five pictures of noise, two to an example, as a data set in memory. */
const inMemory = arrayDataset(
  Array.from({ length: 5 }, (_, i) => {
    const noise = (place: number) => ({
      ...{ width: 12, height: 16 },
      data: Uint8Array.from({ length: 576 }, (_, byte) => (byte * 37 + i * 11 + place) % 256),
    });
    return { id: `a-${i}`, text: `text ${i}`, image: noise(0), images: [noise(0), noise(1)] };
  }),
);

/** The same as records, whose pictures nobody may open. */
function records(): SampleSource {
  const samples = Array.from(
    { length: 5 },
    (_, i): Sample => ({
      ...{ key: `a-${i}`, text: `text ${i}` },
      images: [0, 1].map(place => ({
        path: `${i}-${place}.png`,
        bytes: async () => {
          throw new Error('a picture was opened');
        },
      })),
    }),
  );
  async function* rows(from: unknown) {
    for (let i = Number(from ?? 0); i < samples.length; i++) yield { sample: samples[i]!, after: i + 1 };
  }
  return partsSource('webdataset', [{ name: 'samples', version: async () => 1, rows }]);
}

async function load(content: SampleSource | typeof inMemory, blank: boolean) {
  const registry = (await runRegistry()).use({
    name: 'here',
    setup: own => own.register('source', 'a', async () => content),
  });
  const source = { source: 'a', blank };
  const resolved = config({ train: source, val: source });
  const data = await loadRunData(resolved, { registry, reporter: silent });
  const { train, close } = await openStreams({
    ...{ config: resolved, data, model: { imageSize: SIZE }, cores: 1, share: { rank: 0, size: 1 } },
    objective: () => (() => undefined) as never,
  });
  return { data, train: train!, close };
}

describe('blank pictures', () => {
  it.each([
    ['a data set', () => inMemory],
    ['records, none of which is opened', records],
  ])('of %s are the same grey in training and in validation; texts stay', async (_, content) => {
    const { data, train, close } = await load(content(), true);
    const examples = [];
    for (let i = 0; i < 5; i++) examples.push((await train.next()).example);
    expect(examples.map(({ text }) => text).sort()).toEqual([0, 1, 2, 3, 4].map(i => `text ${i}`));
    for (let i = 0; i < data.val!.length; i++) examples.push(await data.val!.get(i));
    expect(examples).toHaveLength(10);
    for (const { image, images } of examples) {
      expect(images).toHaveLength(2);
      for (const picture of [image!, ...images!]) expect(new Set(picture.data)).toEqual(new Set([128]));
    }
    expect(examples[0]!.image!.data).toHaveLength(BYTES);
    await close();
  });

  it('come in the order of the pictures themselves, and are other data', async () => {
    const [with_, without] = [await load(inMemory, false), await load(inMemory, true)];
    for (let i = 0; i < 7; i++)
      expect((await without.train.next()).example.id).toBe((await with_.train.next()).example.id);
    const identities = await Promise.all(
      [records(), inMemory].map(async content => (await load(content, true)).train.identity),
    );
    expect(identities[0]).toMatch(/^blank:/);
    await Promise.all([with_.close(), without.close()]);
  });
});
