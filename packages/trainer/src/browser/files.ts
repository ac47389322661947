import { CheckpointError } from '@simvlm/core';

/** What is used of a `FileSystemDirectoryHandle`; TypeScript's types of the DOM leave its iteration out. */
export interface Directory {
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<Directory>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileHandle>;
  removeEntry(name: string, options?: { recursive?: boolean }): Promise<void>;
  keys(): AsyncIterable<string>;
}

/** What is used of a `FileSystemFileHandle`: a browser has one of the two ways to write, or both. */
export interface FileHandle {
  getFile(): Promise<{ arrayBuffer(): Promise<ArrayBuffer> }>;
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

/** Writes a whole file. With `createWritable` it has its new content when this resolves, and its old one until then. */
export async function writeFile(directory: Directory, name: string, bytes: Uint8Array): Promise<void> {
  const file = await directory.getFileHandle(name, { create: true });
  if (file.createWritable) {
    const stream = await file.createWritable();
    try {
      await stream.write(bytes);
      await stream.close();
    } catch (error) {
      // A stream that failed is closed already, and has nothing to abort.
      await stream.abort().catch(() => {});
      throw error;
    }
    return;
  }
  // Safari before 26, in workers only.
  const access = await file.createSyncAccessHandle!();
  try {
    access.truncate(0);
    const written = access.write(bytes, { at: 0 });
    if (written !== bytes.length)
      throw Object.assign(new Error(`${written} of ${bytes.length} bytes were taken`), {
        name: 'QuotaExceededError',
      });
    access.flush();
  } finally {
    access.close();
  }
}

export async function readFile(directory: Directory, name: string): Promise<Uint8Array> {
  const file = await (await directory.getFileHandle(name)).getFile();
  return new Uint8Array(await file.arrayBuffer());
}

export function isNotFound(error: unknown): boolean {
  return (error as { name?: string } | null)?.name === 'NotFoundError';
}

/** SHA-256 by Web Crypto, which browsers have wherever they have OPFS. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', bytes as BufferSource);
  return Array.from(new Uint8Array(hash), byte => byte.toString(16).padStart(2, '0')).join('');
}
