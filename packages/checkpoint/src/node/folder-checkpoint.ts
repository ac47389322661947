import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type ByteSource, byteSource, type FileContent, wholeBytes } from '@simvlm/bytes';
import { CheckpointError } from '@simvlm/core';
import type { Checkpoint } from '../checkpoint';
import { MANIFEST, MANIFEST_LIMIT, type Manifest, parseManifest } from '../manifest';
import { checkSize, manifestCheckpoint } from '../manifest-checkpoint';
import { errorCode, type FileSystem } from './file-system';

/** A checkpoint that is a folder. */
export interface FolderCheckpoint extends Checkpoint {
  readonly folder: string;
  readonly manifest: Manifest;
}

/**
 * Opens a folder with a manifest; the size of every file that it names is checked, and no other byte read.
 *
 * @throws CheckpointError when the manifest is missing or damaged, or a file is missing or cut off
 */
export async function openFolder(folder: string, fs: FileSystem): Promise<FolderCheckpoint> {
  const manifest = await readManifest(folder, fs);
  for (const [name, { bytes }] of Object.entries(manifest.files))
    checkSize(folder, name, await readable(folder, name, fs.size(join(folder, name))), bytes);
  const open = (name: string, size: number) => fileSource(folder, name, size, fs);
  return { ...manifestCheckpoint(folder, manifest, { open, sha256 }), folder, manifest };
}

async function sha256(content: FileContent): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content.chunks()) hash.update(chunk);
  return hash.digest('hex');
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
