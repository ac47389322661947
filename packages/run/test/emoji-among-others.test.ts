import { join } from 'node:path';
import { Registry } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import type { EmojiDataset } from '@simvlm/dataset-emoji';
import { expect, it } from 'vitest';
import { resolveRunConfig, silent } from '../src/index';
import { loadRunData, readRecipe, readRunConfig, readTokenizer, runRegistry } from '../src/node';
import { nodePlaces } from '../src/node/data';
import { openConfigured } from '../src/sources/open-source';

const parts = {
  train: arrayDataset([{ id: 'a', text: 'red heart' }]),
  val: arrayDataset([{ id: 'b', text: 'blue heart' }]),
  documents: arrayDataset([{ id: 'c', text: 'heart: the hollow muscular organ' }]),
};

it.each([
  ['data.train.0', 'train'],
  ['data.val', 'val'],
  ['data.documents', 'documents'],
] as const)('emoji as %s is its %s', async (key, part) => {
  const { content } = await openConfigured(
    key,
    { source: 'emoji' },
    {
      ...{ registry: new Registry(), places: nodePlaces },
      emoji: async () => parts as unknown as EmojiDataset,
    },
  );
  expect(content).toBe(parts[part]);
});

it('the tokenizer of the bundled model has a name', async () => {
  const { vocabSize } = await readTokenizer('emoji');
  expect(vocabSize).toBe(2000);
});

it('a run takes a share of emoji, and names an option that there is not', async () => {
  const load = (train: object) =>
    loadRunData(
      resolveRunConfig(
        { name: 'x', model: 'emoji-tiny', data: { train }, steps: 1, optimizer: { learningRate: 1e-3 } },
        'x.json',
      ),
      { registry: new Registry(), reporter: silent },
    );
  const { train, captions } = await load({ source: 'emoji', share: 0.01 });
  expect(train[0]!.length).toBeGreaterThan(80);
  expect(train[0]!.length).toBeLessThan(250);
  expect(captions!.length).toBeLessThan(250);
  await expect(load({ source: 'emoji', limit: 3 })).rejects.toThrow('"limit"');
});

it('the recipe with icons asks for shards that are not prepared by the command that prepares them', async () => {
  const { file } = await readRecipe('icons/mixed');
  expect(file).toContain(join('configs', 'icons', 'mixed.json'));
  const { data } = await readRunConfig('icons/mixed');
  const icons = (data.train as { source: string; shards?: string }[]).find(
    ({ source }) => source === 'icons',
  )!;
  await expect(
    openConfigured(
      'data.train.1',
      { ...icons, shards: 'not-prepared' },
      {
        registry: await runRegistry(),
        places: nodePlaces,
      },
    ),
  ).rejects.toThrow('simvlm data icons --out not-prepared');
});
