/**
 * Compiles the native addon before the tests where a libtorch is there, so that no test waits a minute for it. A vitest
 * global setup.
 */
import { buildAddon, nativeStatus } from '../src/addon/index';

export default async function ensureAddon(): Promise<void> {
  if (nativeStatus().found) await buildAddon();
}
