/**
 * Runs after `npm install @simvlm/backend-native`: compiles the native addon where a libtorch is there, so that the first
 * program does not wait for it. It never fails and prints at most one line: without it the addon is compiled at its
 * first use, or `simvlm native build` says what is missing.
 */
import { existsSync } from 'node:fs';

const built = new URL('../dist/index.js', import.meta.url);

// In SimVLM's own repository the packages are installed before they are built: nothing to do.
if (existsSync(built) && process.env.SIMVLM_SKIP_NATIVE_BUILD === undefined) {
  try {
    const { buildAddon, nativeStatus } = await import(built.href);
    const before = nativeStatus();
    if (before.found && !before.built) {
      await buildAddon();
      console.log(`@simvlm/backend-native: built for ${before.reason}`);
    }
  } catch (error) {
    console.log(`@simvlm/backend-native: not built (${error.message}); it is tried again at its first use`);
  }
}
