import { registerWasmBackend } from '@simvlm/backend-wasm';
import type { BackendProvider } from '@simvlm/core';

/** A module that uses a v128 instruction: valid exactly where WebAssembly has SIMD. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
  11,
]);

/** `@simvlm/backend-wasm`: SIMD and, where memory can be shared, threads. */
export const wasmProvider: BackendProvider = {
  name: 'wasm',
  rank: 100,
  async check() {
    if (typeof WebAssembly === 'undefined') return { available: false, reason: 'no WebAssembly here' };
    if (!WebAssembly.validate(SIMD_PROBE))
      return { available: false, reason: 'this WebAssembly has no SIMD' };
    return { available: true, reason: 'WebAssembly with SIMD' };
  },
  async activate({ threads }) {
    const info = await registerWasmBackend(threads === undefined ? {} : { threads });
    return `SIMD, ${info.threads} ${info.threads === 1 ? 'thread' : 'threads'}`;
  },
};
