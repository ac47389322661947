import { type ByteSource, blobBytes, byteSource, type HttpOptions } from '@simvlm/bytes';
import { CheckpointError, isSimVlmError } from '@simvlm/core';
import type { Checkpoint } from '../checkpoint';
import { type HttpFolder, httpFolder } from '../http/http-checkpoint';
import { MANIFEST, type ManifestEntry, parseManifest } from '../manifest';
import { manifestCheckpoint } from '../manifest-checkpoint';
import { sha256, startSha256 } from '../sha256';

/** What is used of a browser's `Cache`, from `caches.open`. */
export type FileCache = Pick<Cache, 'match' | 'put' | 'keys' | 'delete'>;

export interface KeptOptions extends HttpOptions {
  /** Where files are kept; without one, nothing is, and tensors are read by ranges as they are asked for. */
  readonly cache?: FileCache;
  /** Told as bytes of a file come from the server, or at once when it was kept: how many of them are there. */
  onBytes?(name: string, bytes: number): void;
}

/** Bytes of one request: few enough to show progress, enough not to wait for the server most of the time. */
const PART = 4 * 2 ** 20;

/**
 * A checkpoint folder on a web server, whose files a page keeps: each is downloaded when it is first asked for, checked, and kept by its
 * checksum. The next visit reads it from the browser, without a network too. Files of which the manifest has changed are downloaded again, and
 * the old ones are removed.
 *
 * @param address of the folder, http or https
 * @throws CheckpointError as `openHttpCheckpoint`; CHECKPOINT_INVALID for a file that is not the one of the manifest
 */
export async function openKeptCheckpoint(
  address: string | URL,
  { cache, onBytes = () => {}, ...options }: KeptOptions = {},
): Promise<Checkpoint> {
  const folder = httpFolder(address, options);
  const keep = cache && new KeptFiles(cache, folder.where);
  const manifest = parseManifest(folder.where, await manifestOf(address, folder, keep, options));
  const entryOf = (name: string) => manifest.files[name]!;
  const remote = (name: string) => counted(folder.open(name, entryOf(name).bytes), name, onBytes);
  await keep?.removeOthers(Object.values(manifest.files));
  const opened = new Map<string, Promise<ByteSource>>();
  const opening = (name: string) => {
    if (!opened.has(name)) {
      const file = keep!.file(
        name,
        entryOf(name),
        () => remote(name),
        bytes => onBytes(name, bytes),
      );
      opened.set(name, file);
      // What failed may be tried again.
      file.catch(() => opened.delete(name));
    }
    return opened.get(name)!;
  };
  // Nothing is downloaded before it is read.
  const open = (name: string, size: number) =>
    keep ? byteSource(size, async (begin, into) => (await opening(name)).read(begin, into)) : remote(name);
  // Kept files were checked on their way; `verify` would read them once more for nothing but a broken disk.
  return { ...manifestCheckpoint(folder.where, manifest, { open, sha256 }), remote: true };
}

/** The server's, and where there is no connection, the one that was kept. */
async function manifestOf(
  address: string | URL,
  folder: HttpFolder,
  keep: KeptFiles | undefined,
  options: HttpOptions,
): Promise<Uint8Array> {
  const kept = await keep?.manifest();
  // With a kept one at hand nobody waits for a second try.
  const asked = kept ? httpFolder(address, { ...options, delays: [] }) : folder;
  try {
    const bytes = await asked.readManifest();
    await keep?.putManifest(bytes);
    return bytes;
  } catch (error) {
    // A server that refuses has no cause behind it: the kept files may not be what it has now.
    if (!kept || !isSimVlmError(error) || error.cause === undefined) throw error;
    return kept;
  }
}

/** The kept files of one folder, each under its address with its checksum. */
class KeptFiles {
  constructor(
    readonly cache: FileCache,
    readonly where: string,
  ) {}

  async manifest(): Promise<Uint8Array | undefined> {
    const kept = await this.cache.match(`${this.where}/${MANIFEST}`);
    return kept && new Uint8Array(await kept.arrayBuffer());
  }

  async putManifest(bytes: Uint8Array): Promise<void> {
    await this.#put(`${this.where}/${MANIFEST}`, new Response(bytes as BodyInit));
  }

  /** A file, from the cache, else from the server into it; read from the server alone where the browser has no room. */
  async file(
    name: string,
    entry: ManifestEntry,
    remote: () => ByteSource,
    onBytes: (bytes: number) => void,
  ): Promise<ByteSource> {
    const key = this.#keyOf(entry);
    const kept = await this.#blob(key, entry);
    if (kept) {
      onBytes(entry.bytes);
      return blobBytes(kept);
    }
    const download = checked(remote(), `${this.where}: ${name}`, entry);
    const isKept = await this.#put(key, new Response(download.stream));
    if (download.error) throw download.error;
    const blob = isKept ? await this.#blob(key, entry) : undefined;
    return blob ? blobBytes(blob) : remote();
  }

  /** Removes files of this folder that are none of these; folders below it are other models'. */
  async removeOthers(entries: readonly ManifestEntry[]): Promise<void> {
    const wanted = new Set(entries.map(entry => this.#keyOf(entry)));
    for (const { url } of await this.cache.keys())
      if (url.startsWith(this.#keys) && !wanted.has(url)) await this.cache.delete(url);
  }

  /** What the keys of this folder's files begin with, and no other's. */
  get #keys(): string {
    return `${this.where}/?sha256=`;
  }

  #keyOf({ sha256: checksum }: ManifestEntry): string {
    return `${this.#keys}${checksum}`;
  }

  async #blob(key: string, { bytes }: ManifestEntry): Promise<Blob | undefined> {
    const blob = await (await this.cache.match(key))?.blob();
    return blob?.size === bytes ? blob : undefined;
  }

  /** Whether it could be kept: a browser has its own idea of how much room a page has. */
  async #put(key: string, reply: Response): Promise<boolean> {
    try {
      await this.cache.put(key, reply);
      return true;
    } catch {
      return false;
    }
  }
}

/** The bytes of a source as a stream that fails where they are not the right ones. */
function checked(source: ByteSource, what: string, { bytes, sha256: checksum }: ManifestEntry) {
  const hash = startSha256();
  let at = 0;
  const download: { stream: ReadableStream<Uint8Array>; error?: unknown } = {
    stream: new ReadableStream({
      async pull(controller) {
        try {
          const part = new Uint8Array(Math.min(PART, bytes - at));
          await source.read(at, part);
          at += part.length;
          hash.update(part);
          if (at === bytes && hash.digest() !== checksum)
            throw new CheckpointError(
              'CHECKPOINT_INVALID',
              `${what} is not the one that the manifest lists; load it again`,
            );
          if (part.length > 0) controller.enqueue(part);
          if (at === bytes) controller.close();
        } catch (error) {
          download.error = error;
          controller.error(error);
        }
      },
    }),
  };
  return download;
}

/** A source that tells how many bytes were read of it, up to its size. */
function counted(
  source: ByteSource,
  name: string,
  onBytes: (name: string, bytes: number) => void,
): ByteSource {
  let bytes = 0;
  return {
    ...source,
    async read(begin, into) {
      await source.read(begin, into);
      bytes = Math.min(source.size, bytes + into.length);
      onBytes(name, bytes);
    },
  };
}
