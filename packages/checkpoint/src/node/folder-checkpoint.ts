import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CheckpointError } from '@simvlm/core';
import { type ByteSource, byteSource, wholeBytes } from '../bytes';
import { type Checkpoint, missingFile } from '../checkpoint';
import { MANIFEST, type Manifest, parseManifest } from '../manifest';
import { errorCode, type FileSystem } from './file-system';

/** A checkpoint that is a folder. */
export interface FolderCheckpoint extends Checkpoint {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** A manifest of a million files has less. */
const MANIFEST_LIMIT = 64 * 2 ** 20;

/**
 * Opens a folder with a manifest; the size of every file that it names is checked, and no other byte read.
 *
 * @throws CheckpointError when the manifest is missing or damaged, or a file is missing or cut off
 */
export async function openFolder(folder: string, fs: FileSystem): Promise<FolderCheckpoint> {
  const manifest = await readManifest(folder, fs);
  const entries = new Map(Object.entries(manifest.files));
  for (const [name, { bytes }] of entries) {
    const size = await readable(folder, name, fs.size(join(folder, name)));
    if (size !== bytes)
      throw new CheckpointError(
        'CHECKPOINT_INVALID',
        `${folder}: ${name} has ${size} bytes instead of ${bytes}: it ${size < bytes ? 'is cut off' : 'was changed after it was written'}; use another checkpoint`,
      );
  }
  const names = [...entries.keys()];
  return {
    where: folder,
    folder,
    manifest,
    names,
    async file(name) {
      const entry = entries.get(name);
      if (!entry) throw missingFile(folder, name, names);
      return fileSource(folder, name, entry.bytes, fs);
    },
    async verify(name) {
      const entry = entries.get(name);
      if (!entry) throw missingFile(folder, name, names);
      const hash = createHash('sha256');
      for await (const chunk of fileSource(folder, name, entry.bytes, fs).chunks()) hash.update(chunk);
      if (hash.digest('hex') !== entry.sha256)
        throw new CheckpointError(
          'CHECKPOINT_INVALID',
          `${folder}: ${name} was changed after it was written; use another checkpoint`,
        );
    },
  };
}

/** @throws CheckpointError when there is none, or it is damaged */
export async function readManifest(folder: string, fs: FileSystem): Promise<Manifest> {
  const size = await readable(folder, MANIFEST, fs.size(join(folder, MANIFEST)));
  if (size > MANIFEST_LIMIT)
    throw new CheckpointError(
      'CHECKPOINT_INVALID',
      `${folder}: ${MANIFEST} has ${size} bytes, more than any manifest; use another checkpoint`,
    );
  return parseManifest(folder, await wholeBytes(fileSource(folder, MANIFEST, size, fs)));
}

function fileSource(folder: string, name: string, size: number, fs: FileSystem): ByteSource {
  return byteSource(size, async (begin, into) => {
    const count = await readable(folder, name, fs.read(join(folder, name), begin, into));
    if (count < into.length)
      throw new CheckpointError(
        'CHECKPOINT_INVALID',
        `${folder}: ${name} ends after ${begin + count} of ${size} bytes; use another checkpoint`,
      );
  });
}

async function readable<T>(folder: string, name: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw new CheckpointError(
      'CHECKPOINT_INVALID',
      `${folder}: cannot read ${name} (${errorCode(error)}); use another checkpoint`,
      { cause: error },
    );
  }
}
