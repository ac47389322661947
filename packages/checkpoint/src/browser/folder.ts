import { blobBytes, memoryBytes, type Sliceable, wholeBytes } from '@simvlm/bytes';
import { type Checkpoint, type CheckpointFiles, missingFile } from '../checkpoint';
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
 * The checkpoint that the files of such a folder are, such as those that somebody chose in a page. They are read when they are asked for. A
 * folder without a manifest, put together by hand, is taken as it is.
 *
 * @throws CheckpointError for a file that is missing or cut off; for one that was changed when it is verified
 */
export async function folderCheckpoint(
  folder: ReadonlyMap<string, Sliceable>,
  where = 'the folder',
): Promise<Checkpoint> {
  const names = [...folder.keys()];
  const file = async (name: string) => {
    const content = folder.get(name);
    if (!content) throw missingFile(where, name, names);
    return blobBytes(content);
  };
  if (!folder.has(MANIFEST)) return { where, names, file, async verify() {} };
  const manifest = parseManifest(where, await wholeBytes(await file(MANIFEST)));
  for (const [name, { bytes }] of Object.entries(manifest.files))
    checkSize(where, name, (await file(name)).size, bytes);
  const checkpoint = manifestCheckpoint(where, manifest, { open: file, sha256 });
  const verified = new Map<string, Promise<void>>();
  return {
    ...checkpoint,
    // A `Blob` never changes: reading one whose file did fails.
    verify(name) {
      if (!verified.has(name)) verified.set(name, checkpoint.verify(name));
      return verified.get(name)!;
    },
  };
}
