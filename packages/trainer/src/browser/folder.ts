import type { CheckpointFiles } from '../checkpoint';
import { fileOf } from '../checkpoint';
import { filesOf, MANIFEST, manifestBytes, manifestOf, parseManifest } from '../manifest';
import { sha256 } from './files';

/** All files of the folder that a checkpoint is on a disk, its manifest last: what `loadCheckpoint` of `@simvlm/trainer/node` reads. */
export async function checkpointFolder(files: CheckpointFiles): Promise<CheckpointFiles> {
  return new Map([...files, [MANIFEST, manifestBytes(await manifestOf(files, sha256))]]);
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
  return filesOf(where, parseManifest(where, manifest), async name => fileOf(folder, name), sha256);
}
