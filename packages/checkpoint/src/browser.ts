export type { Directory, FileHandle } from './browser/files';
export { checkpointFolder, folderCheckpoint } from './browser/folder';
export { type FileCache, type KeptOptions, openKeptCheckpoint } from './browser/kept-checkpoint';
export { type OpfsStorage, type OpfsStorageOptions, opfsStorage } from './browser/opfs-storage';
