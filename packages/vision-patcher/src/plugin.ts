import type { Plugin } from '@simvlm/core';
import { convPatcher } from './conv-patcher';
import { linearPatcher } from './linear-patcher';
import { vitPatcher } from './vit-patcher';

/** The patchers of SimVLM as a plug-in: `conv`, `linear` and `vit`. */
export const visionPlugin: Plugin = {
  name: '@simvlm/vision-patcher',
  setup(registry) {
    registry.register('patcher', 'conv', convPatcher);
    registry.register('patcher', 'linear', linearPatcher);
    registry.register('patcher', 'vit', vitPatcher);
  },
};
