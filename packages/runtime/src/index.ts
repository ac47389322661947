export type { ActivateOptions, Availability, BackendProvider, Precision } from '@simvlm/core';
export {
  type Candidate,
  type PickedBackend,
  type PickOptions,
  pickBackend,
  runtimePlugin,
} from './pick-backend';
export { joinProcesses, processPlace } from './processes';
export { backendProviders, registerBackendProvider } from './provider';
