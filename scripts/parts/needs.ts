import { describe, test } from 'vitest';
import type { PartName } from './parts';
import { describeLack, required, statusOf } from './status';

/**
 * `describe` and `test` of tests that need a part of the machine. Where it is not fit they skip what they are given.
 *
 * @throws Error that says what to do, and so fails the file of the tests, where it is not fit and `SIMVLM_REQUIRE` names it
 */
export async function needs(name: PartName): Promise<{ describe: typeof describe; test: typeof test }> {
  const status = await statusOf(name);
  if (status.fit) return { describe, test };
  if (required().has(name)) throw new Error(`SIMVLM_REQUIRE: not tested: ${describeLack(name, status)}`);
  return { describe: describe.skip as typeof describe, test: test.skip as typeof test };
}
