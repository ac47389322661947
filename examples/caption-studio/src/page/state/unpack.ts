import { unzipSync } from 'fflate';
import type { CheckpointFolder, StudioFailure } from '../../engine/engine';
import { checkCount, checkRatio, importNames, isContent, type ListedFile } from './import-limits';

/**
 * Every file of a zip by its last name. What the archive says of itself is checked before anything is unpacked. A packed file that is
 * longer than the archive says is cut there; a checkpoint's manifest and the headers of its files tell.
 *
 * @throws StudioFailure for bytes that are no archive, for one above a limit of `import-limits.ts`, and for names that cannot be used
 */
export function unpackCheckpoint(archive: Uint8Array): CheckpointFolder {
  const files = listed(archive).filter(({ path }) => isContent(path));
  const names = importNames(files);
  checkRatio(files, archive.length);
  const wanted = new Set(files.map(({ path }) => path));
  const unpacked = opened(() => unzipSync(archive, { filter: ({ name }) => wanted.has(name) }));
  return files.map(({ path, unpackedBytes }, i) => {
    // A file named `__proto__` is no own property: fflate loses it.
    const bytes = Object.hasOwn(unpacked, path) ? unpacked[path]! : new Uint8Array(0);
    if (bytes.length !== unpackedBytes)
      throw notAnArchive(`${path} has ${bytes.length} bytes, and the archive says ${unpackedBytes}`);
    return { name: names[i]!, bytes };
  });
}

/** `bytes` is what unpacking the file would allocate. */
interface PackedFile extends ListedFile {
  /** Bytes of the whole file, by the archive. */
  readonly unpackedBytes: number;
}

/** What the archive lists, without unpacking any of it; stops beyond the limit. */
function listed(archive: Uint8Array): PackedFile[] {
  const files: PackedFile[] = [];
  opened(() =>
    unzipSync(archive, {
      filter({ name, size, originalSize }) {
        files.push({ path: name, bytes: Math.max(size, originalSize), unpackedBytes: originalSize });
        checkCount(files.length);
        return false;
      },
    }),
  );
  return files;
}

/** Runs fflate, whose errors say no more than that the bytes are no archive. */
function opened<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw notAnArchive(error.message);
  }
}

function notAnArchive(detail: string): StudioFailure {
  return {
    code: 'CHECKPOINT_DAMAGED',
    title: 'This file is not a zip archive that can be opened',
    advice: 'Choose the archive that Export made, or the checkpoint folder itself.',
    detail,
  };
}
