import { describe } from 'vitest';
import { nativeStatus } from '../src/index';

/** Without a libtorch these tests are left out, but not in continuous integration: there it must be there. */
const isLeftOut = !nativeStatus().found && !process.env.CI;

/** Tests that need the addon. */
export function describeNative(name: string, tests: () => void): void {
  describe.skipIf(isLeftOut)(name, tests);
}
