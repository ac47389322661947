import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';

/** The file operations that checkpoints are made of, so that a test can make each of them fail. */
export interface FileSystem {
  makeFolder(path: string): Promise<void>;
  /** Writes a file and waits until the disk has it. */
  writeSynced(path: string, bytes: Uint8Array): Promise<void>;
  /** Waits until the disk has the folder's entries. */
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  list(path: string): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
}

export const nodeFileSystem: FileSystem = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true });
  },
  async writeSynced(path, bytes) {
    const file = await open(path, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  async syncFolder(path) {
    // Windows cannot open a folder; its renames are journalled.
    if (process.platform === 'win32') return;
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  rename,
  remove: path => rm(path, { recursive: true, force: true }),
  list: path => readdir(path),
  read: path => readFile(path),
};
