export { buildAddon, type NativeStatus, nativeStatus } from './addon/index';
export type { NativeBackend, NativeBackendMemory } from './backend';
export {
  type CapturedStep,
  CaptureError,
  type CaptureOptions,
  captureStep as experimental_captureStep,
} from './capture';
export { type Precision, usePrecision as experimental_usePrecision } from './precision';
export { type NativeInfo, type NativeOptions, nativeBackend, registerNativeBackend } from './register';
