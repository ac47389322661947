import { checkOptions, type ExampleDataset, type Plugin, rule } from '@simvlm/core';
import { prepareEmojiDataset } from './dataset';
import { registerTasks } from './tasks/register';

const SPLITS = [
  'train',
  'val',
  'unseenArtist',
  'unseenComposition',
  'unseenConcept',
  'documents',
] as const satisfies readonly string[];

/**
 * The data set as a plug-in: the source `emoji`, options `split` (default `train`), `size`, `cacheDir`, `limit`, `furtherArtists`, `share`, and the sources of
 * small tasks.
 */
export const emojiPlugin: Plugin = {
  name: '@simvlm/dataset-emoji',
  setup(registry) {
    registry.register('source', 'emoji', async ({ split = 'train', ...options }): Promise<ExampleDataset> => {
      checkOptions('source emoji', { split }, { split: rule.oneOf(...SPLITS) });
      const dataset = await prepareEmojiDataset(options);
      return dataset[split as (typeof SPLITS)[number]];
    });
    registerTasks(registry);
  },
};
