import type { Registry } from '@simvlm/core';
import { dataPlugin } from '@simvlm/data';
import { evalPlugin } from '@simvlm/eval';
import { defaultRegistry } from '@simvlm/model';

/** Our own parts that run in Node and in browsers. */
export function ownParts(): Registry {
  return defaultRegistry().use(dataPlugin, evalPlugin);
}
