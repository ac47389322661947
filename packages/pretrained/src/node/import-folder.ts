import type { Checkpoint, WeightType } from '@simvlm/checkpoint';
import {
  checkNewFolder,
  type FileSystem,
  nodeFileSystem,
  writeCheckpointFolder,
} from '@simvlm/checkpoint/node';
import { type ImportedModel, type ImportOptions, importedContents, openPretrained } from '../import';

export interface ImportFolderOptions extends ImportOptions {
  /** Of the weights; default F32. */
  readonly dtype?: WeightType;
  readonly fileSystem?: FileSystem;
}

/**
 * Writes somebody else's model as a checkpoint of ours, complete or not at all. Weights go from file to file, a part or a tensor at a time.
 *
 * @param files as `openPretrainedFolder` opens them
 * @param out a new folder, or an empty one
 * @returns the model, and how many bytes the checkpoint has
 * @throws as `openPretrained`; ConfigError when there is something at `out`; CheckpointError DISK_WRITE
 */
export async function importFolder(
  files: Checkpoint,
  out: string,
  { dtype = 'F32', fileSystem = nodeFileSystem, ...options }: ImportFolderOptions = {},
): Promise<{ model: ImportedModel; bytes: number }> {
  await checkNewFolder(out);
  const model = await openPretrained(files, options);
  const bytes = await writeCheckpointFolder(out, importedContents(model, { dtype }), fileSystem);
  return { model, bytes };
}
