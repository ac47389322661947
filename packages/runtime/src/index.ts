export type { Precision } from '@simvlm/backend-native';
export {
  type Candidate,
  type PickedBackend,
  type PickOptions,
  pickBackend,
  runtimePlugin,
} from './pick-backend';
export { joinProcesses, processPlace } from './processes';
export {
  type ActivateOptions,
  type Availability,
  type BackendProvider,
  backendProviders,
  registerBackendProvider,
} from './provider';
