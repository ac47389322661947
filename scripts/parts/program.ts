import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const path = (fromRoot: string) => fileURLToPath(new URL(`../../${fromRoot}`, import.meta.url));

/**
 * The command line, to start in a process of its own: what follows are its arguments. `scripts/check.mjs` says by `SIMVLM_BUILT` that the
 * packages are built; those start in half the time that the sources take.
 */
export function simvlmProgram(): { command: [node: string, ...args: string[]]; env: Record<string, string> } {
  if (process.env.SIMVLM_BUILT)
    return { command: [process.execPath, path('packages/cli/dist/bin.js')], env: {} };
  const tsx = createRequire(import.meta.url).resolve('tsx');
  return {
    command: [process.execPath, '--import', tsx, path('packages/cli/src/bin.ts')],
    env: { TSX_TSCONFIG_PATH: path('tsconfig.json') },
  };
}
