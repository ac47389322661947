export {
  type Candidate,
  type PickedBackend,
  type PickOptions,
  pickBackend,
  runtimePlugin,
} from './pick-backend';
export {
  type ActivateOptions,
  type Availability,
  type BackendProvider,
  backendProviders,
  registerBackendProvider,
} from './provider';
