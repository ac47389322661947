/**
 * Builds `src/generated/wasm.ts` if it is missing or older than `assembly/`, else does nothing. Run it before
 * anything that reads the sources (`node scripts/ensure-wasm.mjs`); as a vitest global setup it runs by itself.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build, generatedFile, sourceHash } from './build-wasm.mjs';

export async function ensureWasm() {
  if (builtHash() !== sourceHash()) await build();
}

export default ensureWasm;

function builtHash() {
  try {
    const head = readFileSync(generatedFile, 'utf8').slice(0, 400);
    return /sourceHash = '([0-9a-f]+)'/.exec(head)?.[1];
  } catch {
    return undefined;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await ensureWasm();
