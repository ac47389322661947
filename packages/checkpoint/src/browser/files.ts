import { sha256 as hasher } from '@noble/hashes/sha256';
import { bytesToHex } from '@noble/hashes/utils';
import { type ByteSource, blobBytes, type FileContent, memoryBytes, type Sliceable } from '@simvlm/bytes';
import { CheckpointError } from '@simvlm/core';
import type { ManifestEntry } from '../manifest';

/** What is used of a `FileSystemDirectoryHandle`; TypeScript's types of the DOM leave its iteration out. */
export interface Directory {
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<Directory>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileHandle>;
  removeEntry(name: string, options?: { recursive?: boolean }): Promise<void>;
  keys(): AsyncIterable<string>;
}

/** What is used of a `FileSystemFileHandle`: a browser has one of the two ways to write, or both. */
export interface FileHandle {
  getFile(): Promise<Sliceable>;
  createWritable?(): Promise<{
    write(data: Uint8Array): Promise<void>;
    close(): Promise<void>;
    abort(): Promise<void>;
  }>;
  createSyncAccessHandle?(): Promise<{
    truncate(size: number): void;
    write(data: Uint8Array, options?: { at?: number }): number;
    flush(): void;
    close(): void;
  }>;
}

/** The origin's private file system (OPFS). @throws CheckpointError STORAGE_ABSENT where there is none */
export async function originPrivateFiles(): Promise<Directory> {
  const { navigator } = globalThis as { navigator?: { storage?: { getDirectory?(): Promise<unknown> } } };
  const storage = navigator?.storage;
  if (typeof storage?.getDirectory !== 'function') throw absent();
  try {
    return (await storage.getDirectory()) as Directory;
  } catch (error) {
    throw absent(error);
  }
}

function absent(cause?: unknown): CheckpointError {
  return new CheckpointError(
    'STORAGE_ABSENT',
    'this browser keeps no files for this page (no origin private file system): in a private window there may be none, and it needs https or localhost',
    { cause },
  );
}

/**
 * Writes a whole file in parts. With `createWritable` it has its new content when this resolves, and its old one until then.
 *
 * @returns what a manifest says of it
 */
export async function writeFile(
  directory: Directory,
  name: string,
  content: Uint8Array | FileContent,
): Promise<ManifestEntry> {
  const source = content instanceof Uint8Array ? memoryBytes(content) : content;
  const file = await directory.getFileHandle(name, { create: true });
  const hash = hasher.create();
  let bytes = 0;
  const count = (chunk: Uint8Array) => {
    hash.update(chunk);
    bytes += chunk.length;
  };
  if (file.createWritable) {
    const stream = await file.createWritable();
    try {
      for await (const chunk of source.chunks()) {
        await stream.write(chunk);
        count(chunk);
      }
      await stream.close();
    } catch (error) {
      // A stream that failed is closed already, and has nothing to abort.
      await stream.abort().catch(() => {});
      throw error;
    }
    return { bytes, sha256: bytesToHex(hash.digest()) };
  }
  // Safari before 26, in workers only.
  const access = await file.createSyncAccessHandle!();
  try {
    access.truncate(0);
    for await (const chunk of source.chunks()) {
      const written = access.write(chunk, { at: bytes });
      if (written !== chunk.length)
        throw Object.assign(new Error(`${written} of ${chunk.length} bytes were taken`), {
          name: 'QuotaExceededError',
        });
      count(chunk);
    }
    access.flush();
  } finally {
    access.close();
  }
  return { bytes, sha256: bytesToHex(hash.digest()) };
}

/** A file for reading in part. */
export async function openFile(directory: Directory, name: string): Promise<ByteSource> {
  return blobBytes(await (await directory.getFileHandle(name)).getFile());
}

export function isNotFound(error: unknown): boolean {
  return (error as { name?: string } | null)?.name === 'NotFoundError';
}
