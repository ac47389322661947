export { type FileSystem, nodeFileSystem } from './node/file-system';
export { type FolderStorageOptions, folderStorage, loadCheckpoint } from './node/folder-storage';
export { metricsWriter } from './node/metrics-writer';
