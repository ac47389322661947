import demo from '../../configs/demo.json' with { type: 'json' };
import { resolveRunConfig } from './resolve';
import type { RunConfig } from './schema';

/** The configuration of `simvlm demo`: `configs/demo.json`. */
export function demoConfig(): RunConfig {
  return resolveRunConfig(demo, 'configs/demo.json');
}
