import type { Checkpoint, WeightType } from '@simvlm/checkpoint';
import { type FileSystem, nodeFileSystem, writeNewFolder } from '@simvlm/checkpoint/node';
import { pretrainedContents } from '../export';

/**
 * Writes an imported model as a folder that transformers loads, complete or not at all: see `pretrainedContents`.
 *
 * @param out a new folder, or an empty one
 * @returns bytes of its files
 * @throws as `pretrainedContents`; ConfigError when there is something at `out`; CheckpointError DISK_WRITE
 */
export async function exportFolder(
  checkpoint: Checkpoint,
  out: string,
  {
    dtype,
    fileSystem = nodeFileSystem,
  }: { readonly dtype?: WeightType; readonly fileSystem?: FileSystem } = {},
): Promise<number> {
  return writeNewFolder(out, await pretrainedContents(checkpoint, { dtype }), fileSystem);
}
