export type { WasmMemory } from './backend';
export { registerWasmBackend, type WasmInfo, type WasmOptions } from './register';
