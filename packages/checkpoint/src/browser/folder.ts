import { memoryBytes } from '@simvlm/bytes';
import { CheckpointError } from '@simvlm/core';
import type { CheckpointFiles } from '../checkpoint';
import { MANIFEST, type ManifestEntry, manifestBytes, parseManifest } from '../manifest';
import { checkSize, manifestCheckpoint } from '../manifest-checkpoint';
import { sha256 } from '../sha256';

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
  const where = 'the folder';
  const open = (name: string, size: number) => {
    const content = folder.get(name);
    if (!content)
      throw new CheckpointError(
        'CHECKPOINT_INVALID',
        `${where}: there is no ${name}; use another checkpoint`,
      );
    checkSize(where, name, content.length, size);
    return memoryBytes(content);
  };
  const checkpoint = manifestCheckpoint(where, parseManifest(where, manifest), { open, sha256 });
  for (const name of checkpoint.names) await checkpoint.verify(name);
  return new Map(checkpoint.names.map(name => [name, folder.get(name)!]));
}
