/**
 * `pnpm simvlm` and `pnpm start`: the command line of this checkout, run from its sources. Only the wasm kernels are
 * compiled, and only where their sources changed, so the first words come soon and nothing that runs is stale.
 */
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';
import { ensureWasm } from '../packages/backend-wasm/scripts/ensure-wasm.mjs';

await ensureWasm();
// Its `paths` name the sources of every package.
process.env.TSX_TSCONFIG_PATH = fileURLToPath(new URL('../tsconfig.json', import.meta.url));
register();
await import('../packages/cli/src/bin.ts');
