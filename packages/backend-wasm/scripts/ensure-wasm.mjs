/**
 * Builds `src/generated/wasm.ts` if it is missing or older than `assembly/`, else does nothing. Run it before
 * anything that reads the sources (`node scripts/ensure-wasm.mjs`); as a vitest global setup it runs by itself.
 */
import { readFileSync } from 'node:fs';
import { build, generatedFile, isProgram, sourceHash } from './build-wasm.mjs';

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

if (isProgram(import.meta.url)) await ensureWasm();
