/**
 * Compiles the native addon before the tests where a libtorch is there, so that no test waits a minute for it. A vitest
 * global setup. Where it does not compile, the tests that need it are skipped, and say why.
 */
import { buildAddon, nativeStatus } from '../src/addon/index';

export default async function ensureAddon(): Promise<void> {
  if (!nativeStatus().found) return;
  await buildAddon().catch(error => console.warn(`no native addon: ${error.message}`));
}
