export { buildAddon, type NativeStatus, nativeStatus } from './addon/index';
export type { NativeBackend, NativeBackendMemory } from './backend';
export { CaptureError } from './capture';
export { type ProcessPlace, processPlace } from './distributed/environment';
export { type JoinOptions, joinProcessGroup } from './distributed/process-group';
export type { Precision } from './precision';
export { type NativeInfo, type NativeOptions, nativeBackend, registerNativeBackend } from './register';
