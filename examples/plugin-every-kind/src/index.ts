import type { Plugin } from '@simvlm/core';
import { plainBackend } from './backend';
import { lossTable } from './callback';
import { colourEvaluator } from './evaluator';
import { tailObjective } from './objective';
import { overlappingPatcher } from './patcher';
import { shapes } from './source';
import { fieldTask } from './task';

/** One part of each kind. A run loads it with `"plugins": ["@simvlm/example-plugin-every-kind"]`. */
const plugin: Plugin = {
  name: '@simvlm/example-plugin-every-kind',
  setup(registry) {
    registry.register('source', 'shapes', shapes);
    registry.register('patcher', 'overlapping', overlappingPatcher);
    registry.register('objective', 'tail', tailObjective);
    registry.register('task', 'field', fieldTask);
    registry.register('evaluator', 'colours', colourEvaluator);
    registry.register('callback', 'loss-table', lossTable);
    registry.register('backend', 'plain', plainBackend);
  },
};
export default plugin;
