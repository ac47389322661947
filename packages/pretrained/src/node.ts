export { type HubCheckpointOptions, hubCheckpoint } from './hub/hub-checkpoint';
export type { HubFile } from './hub/listing';
export { type HubName, isHubName, parseHubName } from './hub/name';
export { isCheckpoint, neededFiles } from './hub/needed-files';
export { type HubSettings, hubSettings } from './hub/settings';
export {
  type HubOptions,
  type HubPlan,
  type HubProgress,
  type HubSnapshot,
  hubSnapshot,
} from './hub/snapshot';
export { exportFolder } from './node/export-folder';
export { type ImportFolderOptions, importFolder } from './node/import-folder';
export { openPretrainedFolder } from './node/open-folder';
