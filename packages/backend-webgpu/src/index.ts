export type { GpuFailure, SimVlmWebGpuBackend } from './backend';
export type { DeviceOptions, Precision } from './device';
export { registerWebGpuBackend, type WebGpuInfo, webGpuBackend, webGpuStatus } from './register';
