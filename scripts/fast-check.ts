/**
 * What tests get as `fast-check` (an alias in vitest.config.ts). The check draws the same cases each time, so that it fails
 * by what changed alone; `pnpm fuzz` draws new ones, `SIMVLM_FUZZ` times as many, and a failure names its seed.
 */
import fc from '../node_modules/fast-check/lib/fast-check.js';

const SEED = 1;
/** fast-check's own. */
const DEFAULT_RUNS = 100;
const times = Number(process.env.SIMVLM_FUZZ ?? 0);

const assert = ((
  property: fc.IRawProperty<unknown>,
  { numRuns = DEFAULT_RUNS, seed = SEED, ...params }: fc.Parameters<unknown> = {},
) =>
  times > 0
    ? fc.assert(property, { ...params, numRuns: numRuns * times })
    : fc.assert(property, { ...params, numRuns, seed })) as typeof fc.assert;

export default { ...fc, assert };
