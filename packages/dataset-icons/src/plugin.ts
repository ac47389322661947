import type { Plugin } from '@simvlm/core';
import { type IconSourceOptions, iconSource } from './source';

/** The prepared icons as a plug-in: the source `icons`, options `shards`, `split` (default `train`), `coloured`, `share`. */
export const iconsPlugin: Plugin = {
  name: '@simvlm/dataset-icons',
  setup(registry) {
    registry.register('source', 'icons', async options =>
      iconSource(options as unknown as IconSourceOptions),
    );
  },
};
