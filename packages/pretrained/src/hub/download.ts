import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chunksOf } from '@simvlm/bytes';
import { diskError, errorCode, nodeFileSystem } from '@simvlm/checkpoint/node';
import { HubError, isSimVlmError } from '@simvlm/core';
import { askHub, type HubClient } from './ask';
import type { HubFile } from './listing';
import { PartialFile } from './partial-file';

export interface Download {
  readonly client: HubClient;
  readonly repository: string;
  readonly commit: string;
  readonly file: HubFile;
  /** Where it goes, in a folder that may not be there yet. Its name is the file's checksum. */
  readonly blob: string;
  /** Told as bytes come: how many of the file are there, those of an earlier try included. */
  onProgress?(bytes: number): void;
}

/**
 * Downloads a file into the cache. It goes on with what an earlier download left, and is there only when its checksum is right.
 *
 * @throws HubError; CheckpointError DISK_WRITE when the cache cannot be written
 */
export async function downloadBlob(download: Download): Promise<void> {
  const { file, blob } = download;
  const url = addressOf(download);
  const partial = await onDisk(download, async () => {
    await mkdir(dirname(blob), { recursive: true });
    return PartialFile.open(blob, file.size);
  });
  let keep = true;
  try {
    const resumed = partial.size > 0;
    await fill(download, url, partial);
    if (!partial.isRight(file.etag)) {
      keep = false;
      if (!resumed) throw wrong(download);
      // What was there may have been of a crash that lost bytes: once from the beginning.
      await onDisk(download, () => partial.clear());
      await fill(download, url, partial);
      if (!partial.isRight(file.etag)) throw wrong(download);
    }
    await onDisk(download, () => partial.finish(blob));
  } catch (error) {
    // A full disk is not to stay full.
    const isDisk = isSimVlmError(error) && error.code === 'DISK_WRITE';
    await partial.leave(blob, keep && !isDisk).catch(() => undefined);
    throw error;
  }
}

/** Appends what is missing. */
function fill(download: Download, url: URL, partial: PartialFile): Promise<void> {
  const { client, file, onProgress } = download;
  onProgress?.(partial.size);
  if (partial.size === file.size) return Promise.resolve();
  return askHub(client, url, {
    progress: () => partial.size,
    headers: (): Record<string, string> => (partial.size > 0 ? { range: `bytes=${partial.size}-` } : {}),
    async take(reply) {
      const { body, status } = reply;
      if (partial.size > 0 && !goesOn(reply, partial.size, file.size)) {
        if (status === 200) await onDisk(download, () => partial.clear());
        else {
          await body?.cancel();
          throw wrong(download);
        }
      }
      if (body)
        for await (const chunk of chunksOf(body)) {
          if (partial.size + chunk.length > file.size) throw wrong(download);
          await onDisk(download, () => partial.append(chunk));
          onProgress?.(partial.size);
        }
      if (partial.size < file.size)
        throw new Error(`the connection ended after ${partial.size} of ${file.size} bytes`);
    },
  });
}

/** Whether a reply is the rest of the file from `begin` on. */
function goesOn({ status, headers }: Response, begin: number, size: number): boolean {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  return status === 206 && Number(range?.[1]) === begin && Number(range?.[2]) === size - 1;
}

function addressOf({ client, repository, commit, file }: Download): URL {
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const url = new URL(client.settings.endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${repository}/resolve/${commit}/${path}`;
  return url;
}

function wrong({ repository, file }: Download): HubError {
  return new HubError(
    'HUB_INVALID',
    `${repository}: ${file.path} is not the file that the repository lists (its size or checksum differs); download it again`,
  );
}

async function onDisk<T>({ blob, file }: Download, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw await diskError(nodeFileSystem, `${file.path} into the cache`, dirname(blob), error, {
      ...(['ENOSPC', 'EDQUOT'].includes(errorCode(error)) && { needed: file.size }),
      after: 'HF_HUB_CACHE names another place',
    });
  }
}
