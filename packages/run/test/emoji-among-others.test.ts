import { join } from 'node:path';
import { Registry } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import type { EmojiDataset } from '@simvlm/dataset-emoji';
import { expect, it } from 'vitest';
import { readRecipe, readRunConfig, runRegistry } from '../src/node';
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
