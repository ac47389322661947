export { addToCheckpoint } from './node/add-file';
export { bytesText, diskError } from './node/disk-error';
export { errorCode, type FileSystem, type FileWriter, nodeFileSystem } from './node/file-system';
export type { FolderCheckpoint } from './node/folder-checkpoint';
export {
  type FolderStorage,
  type FolderStorageOptions,
  folderStorage,
  openCheckpoint,
} from './node/folder-storage';
export { type FolderLock, type LockNote, type LockOptions, lockFolder } from './node/lock';
export { checkNewFolder, writeCheckpointFolder, writeNewFolder } from './node/new-folder';
export { openCheckpointAt } from './node/open-at';
