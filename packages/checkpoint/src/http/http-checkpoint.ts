import {
  BrokenReply,
  type ByteSource,
  chunksOf,
  type HttpOptions,
  httpBytes,
  request,
  type SourceErrors,
  shown,
} from '@simvlm/bytes';
import { CheckpointError } from '@simvlm/core';
import type { Checkpoint } from '../checkpoint';
import { MANIFEST, MANIFEST_LIMIT, parseManifest } from '../manifest';
import { manifestCheckpoint } from '../manifest-checkpoint';
import { sha256 } from '../sha256';

const errors: SourceErrors = {
  notFound: (message, options) => new CheckpointError('CHECKPOINT_NOT_FOUND', message, options),
  invalid: (message, options) => new CheckpointError('CHECKPOINT_INVALID', message, options),
};

/**
 * Opens a checkpoint folder that a web server holds. Its manifest is read; of each tensor file only the header and the tensors that are asked
 * for, by HTTP ranges. Works in Node and browsers; a server of another origin must allow the page's (CORS).
 *
 * The files of tensors are not verified when they open, as that would transfer them twice: `verify` does it.
 *
 * @param address of the folder, http or https; a query, such as a signature, is sent with each request
 * @throws CheckpointError CHECKPOINT_NOT_FOUND when there is no manifest; CHECKPOINT_INVALID when the address is none, the server refuses or
 *   cannot be reached, or the manifest is damaged
 */
export async function openHttpCheckpoint(
  address: string | URL,
  options: HttpOptions = {},
): Promise<Checkpoint> {
  const folder = httpFolder(address, options);
  const manifest = parseManifest(folder.where, await folder.readManifest());
  return { ...manifestCheckpoint(folder.where, manifest, { open: folder.open, sha256 }), remote: true };
}

/** A checkpoint's folder on a web server. */
export interface HttpFolder {
  /** Its address without what may be secret. */
  readonly where: string;
  readManifest(): Promise<Uint8Array>;
  /** A file of that size, by ranges. */
  open(name: string, size: number): ByteSource;
}

/** @throws CheckpointError for what is no address */
export function httpFolder(address: string | URL, options: HttpOptions): HttpFolder {
  const folder = folderOf(address);
  const place = (name: string) => {
    const url = new URL(folder);
    url.pathname += encodeURIComponent(name);
    return url;
  };
  return {
    where: shown(folder).replace(/\/$/, ''),
    readManifest: () => readManifest(place(MANIFEST), options),
    open: (name, size) => httpBytes(place(name), size, options, errors),
  };
}

function folderOf(address: string | URL): URL {
  let url: URL;
  try {
    url = new URL(address);
  } catch (error) {
    throw new CheckpointError('CHECKPOINT_INVALID', `"${address}" is no address of a checkpoint`, {
      cause: error,
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new CheckpointError(
      'CHECKPOINT_INVALID',
      `a checkpoint is read over http or https, not ${url.protocol.slice(0, -1)}`,
    );
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function readManifest(url: URL, options: HttpOptions): Promise<Uint8Array> {
  const take = async ({ body }: Response) => {
    const parts: Uint8Array[] = [];
    let length = 0;
    if (!body) throw new BrokenReply('the reply is empty');
    for await (const part of chunksOf(body)) {
      length += part.length;
      if (length > MANIFEST_LIMIT)
        throw new CheckpointError(
          'CHECKPOINT_INVALID',
          `${shown(url)} has more bytes than any manifest (${MANIFEST_LIMIT})`,
        );
      parts.push(part);
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  };
  return request(url, {}, options, take, errors);
}
