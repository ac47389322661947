import type { ByteSource, FileContent } from '@simvlm/bytes';
import { CheckpointError } from '@simvlm/core';
import { type Checkpoint, missingFile } from './checkpoint';
import type { Manifest } from './manifest';

/** How the files of one kind of place are read. */
export interface FileReader {
  /** Opens a file of `size` bytes. */
  open(name: string, size: number): ByteSource | Promise<ByteSource>;
  /** SHA-256 in hexadecimal. */
  sha256(content: FileContent): Promise<string>;
}

/** The checkpoint that a manifest describes. Its files are read by `reader`. */
export function manifestCheckpoint(where: string, { files }: Manifest, reader: FileReader): Checkpoint {
  const entries = new Map(Object.entries(files));
  const names = [...entries.keys()];
  const entryOf = (name: string) => {
    const entry = entries.get(name);
    if (!entry) throw missingFile(where, name, names);
    return entry;
  };
  const file = async (name: string) => reader.open(name, entryOf(name).bytes);
  return {
    ...{ where, names, file },
    async verify(name) {
      if ((await reader.sha256(await file(name))) !== entryOf(name).sha256)
        throw new CheckpointError(
          'CHECKPOINT_INVALID',
          `${where}: ${name} was changed after it was written; use another checkpoint`,
        );
    },
  };
}

/** @throws CheckpointError when a file does not have the size that the manifest states */
export function checkSize(where: string, name: string, size: number, stated: number): void {
  if (size === stated) return;
  throw new CheckpointError(
    'CHECKPOINT_INVALID',
    `${where}: ${name} has ${size} bytes instead of ${stated}: it ${size < stated ? 'is cut off' : 'was changed after it was written'}; use another checkpoint`,
  );
}
