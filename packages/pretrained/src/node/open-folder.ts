import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { byteSource } from '@simvlm/bytes';
import type { Checkpoint } from '@simvlm/checkpoint';
import { errorCode, nodeFileSystem } from '@simvlm/checkpoint/node';
import { CheckpointError } from '@simvlm/core';
import { isRepository } from '../hub/name';
import { isEssential } from '../hub/needed-files';

/**
 * A folder as transformers writes it, whose files can be read in part. It has no manifest, so that nothing is known of its bytes beforehand.
 *
 * @throws CheckpointError CHECKPOINT_NOT_FOUND when there is no such folder
 */
export async function openPretrainedFolder(folder: string): Promise<Checkpoint> {
  const sizes = new Map<string, number>();
  for (const name of await entriesOf(folder)) {
    const found = await readable(
      folder,
      name,
      stat(join(folder, name)).catch(error => unlessAbsent(name, error)),
    );
    if (found?.isFile()) sizes.set(name, found.size);
  }
  return {
    where: folder,
    names: [...sizes.keys()].sort(),
    async file(name) {
      const size = sizes.get(name);
      if (size === undefined) throw invalid(`${folder} has no ${name}`);
      return byteSource(size, async (begin, into) => {
        const count = await readable(folder, name, nodeFileSystem.read(join(folder, name), begin, into));
        if (count < into.length)
          throw invalid(`${folder}: ${name} ends after ${begin + count} of ${size} bytes`);
      });
    },
    async verify() {},
  };
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw new CheckpointError(
      'CHECKPOINT_NOT_FOUND',
      `cannot read the folder ${folder} (${errorCode(error)}); give a folder with config.json and model.safetensors${isRepository(folder) && folder.includes('/') ? `; on the hub it is hf:${folder}` : ''}`,
      { cause: error },
    );
  }
}

/** A link whose file was deleted is passed over, such as that of a model card, unless the model would be another without it. */
function unlessAbsent(name: string, error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' || isEssential(name)) throw error;
}

async function readable<T>(folder: string, name: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw invalid(`${folder}: cannot read ${name} (${errorCode(error)})`, error);
  }
}

function invalid(message: string, cause?: unknown): CheckpointError {
  return new CheckpointError('CHECKPOINT_INVALID', message, { cause });
}
