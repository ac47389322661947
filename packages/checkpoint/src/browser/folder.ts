import { CheckpointError } from '@simvlm/core';
import { memoryBytes } from '../bytes';
import type { CheckpointFiles } from '../checkpoint';
import { MANIFEST, type ManifestEntry, manifestBytes, parseManifest } from '../manifest';
import { sha256 } from './files';

/** All files of the folder that a checkpoint is on a disk, its manifest last: what `openCheckpoint` of `@simvlm/checkpoint/node` reads. */
export async function checkpointFolder(files: CheckpointFiles): Promise<CheckpointFiles> {
  const entries: Record<string, ManifestEntry> = Object.create(null);
  for (const [name, bytes] of files)
    entries[name] = { bytes: bytes.length, sha256: await sha256(memoryBytes(bytes)) };
  return new Map([...files, [MANIFEST, manifestBytes({ format: 1, files: entries })]]);
}

/**
 * The checkpoint that the files of such a folder are. A folder without a manifest, put together by hand, is taken as it is.
 *
 * @throws CheckpointError for a file that is missing, cut off or changed
 */
export async function folderCheckpoint(folder: CheckpointFiles): Promise<CheckpointFiles> {
  const manifest = folder.get(MANIFEST);
  if (!manifest) return folder;
  const refuse = (what: string) =>
    new CheckpointError('CHECKPOINT_INVALID', `the folder: ${what}; use another checkpoint`);
  const files = new Map<string, Uint8Array>();
  for (const [name, { bytes, sha256: hash }] of Object.entries(parseManifest('the folder', manifest).files)) {
    const content = folder.get(name);
    if (!content) throw refuse(`there is no ${name}`);
    if (content.length !== bytes)
      throw refuse(`${name} has ${content.length} bytes instead of ${bytes}: it is cut off or was changed`);
    if ((await sha256(memoryBytes(content))) !== hash)
      throw refuse(`${name} was changed after it was written`);
    files.set(name, content);
  }
  return files;
}
