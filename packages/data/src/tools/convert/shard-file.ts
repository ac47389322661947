import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { clearLeftovers, temporaryPath } from '@simvlm/core/node';
import { TAR_END } from './tar-writer';
import { explained } from './write-output';

/** Adds the files of a sample, as `tarBytes` gives them. Several may be under way. */
export type Append = (bytes: Uint8Array) => Promise<void>;

/**
 * Writes a tar shard: beside its place, synced to the disk, then renamed. So it is there as a whole or not at all.
 *
 * @param fill adds all samples
 * @throws OutputError `DISK_WRITE` when it cannot be written; what `fill` throws. Nothing is left behind then
 */
export async function writeShard<T>(path: string, fill: (append: Append) => Promise<T>): Promise<T> {
  await clearLeftovers(path);
  return temporaryPath(path, async temporary => {
    let file: FileHandle | undefined;
    try {
      file = await explained(path, () => open(temporary, 'wx'));
      const filled = await fillFile(file, path, fill);
      await explained(path, async () => {
        await file!.sync();
        await file!.close();
        await rename(temporary, path);
      });
      return filled;
    } catch (error) {
      // Best effort: the error that counts is the one that led here.
      await file?.close().catch(() => undefined);
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  });
}

async function fillFile<T>(file: FileHandle, path: string, fill: (append: Append) => Promise<T>): Promise<T> {
  let end = 0;
  const write: Append = bytes => {
    // The place is taken before anything waits, as several samples may be written at once.
    const begin = end;
    end += bytes.length;
    return explained(path, async () => {
      for (let done = 0; done < bytes.length; )
        done += (await file.write(bytes, done, bytes.length - done, begin + done)).bytesWritten;
    });
  };
  const filled = await fill(write);
  await write(TAR_END);
  return filled;
}
