import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { replaceFile } from '@simvlm/core/node';
import { checkNames, MANIFEST, type Manifest, manifestBytes } from '../manifest';
import { diskError } from './disk-error';
import { nodeFileSystem } from './file-system';
import { readManifest } from './folder-checkpoint';

/**
 * Adds a small file to a checkpoint that is a folder, or replaces it. At every moment the folder is a whole checkpoint: with the file as
 * it was, without it, or with the new one.
 *
 * @throws CheckpointError when the folder is no checkpoint; DISK_WRITE
 */
export async function addToCheckpoint(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  checkNames([name]);
  const manifest = await readManifest(folder, nodeFileSystem);
  const { [name]: before, ...files } = manifest.files;
  const write = (now: Manifest) => replaceFile(join(folder, MANIFEST), manifestBytes(now));
  try {
    if (before) await write({ ...manifest, files });
    await replaceFile(join(folder, name), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await write({ ...manifest, files: { ...files, [name]: { bytes: bytes.length, sha256 } } });
  } catch (error) {
    throw await diskError(nodeFileSystem, join(folder, name), folder, error, { needed: bytes.length });
  }
}
