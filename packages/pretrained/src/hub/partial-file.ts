import { createHash, type Hash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, rename, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isRunning } from '@simvlm/core/node';

/**
 * A blob on its way into the cache. While a process writes it, it is `ETAG.HOST-PID-RANDOM.incomplete`, which no other process writes to; what
 * a process leaves behind is `ETAG.incomplete`, and the next one goes on with it. So two downloads of the same file never mix, whether or
 * not the disk has locks, and a killed one is not lost.
 */
export class PartialFile {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #start: () => Hash;
  #hash: Hash;
  #size: number;

  private constructor(path: string, file: FileHandle, start: () => Hash, hash: Hash, size: number) {
    this.#path = path;
    this.#file = file;
    this.#start = start;
    this.#hash = hash;
    this.#size = size;
  }

  /**
   * Opens what is there of a blob, or begins it.
   *
   * @param blob its place; the name is its checksum
   * @param size in bytes, when it is whole
   */
  static async open(blob: string, size: number): Promise<PartialFile> {
    const path = `${blob}.${host}-${process.pid}-${randomBytes(4).toString('hex')}.incomplete`;
    await adopt(blob, path);
    const file = await open(path, 'a');
    try {
      const start = () => hashOf(basename(blob), size);
      const hash = start();
      let { size: there } = await file.stat();
      if (there > size) {
        await file.truncate(0);
        there = 0;
      }
      if (there > 0) for await (const chunk of createReadStream(path)) hash.update(chunk);
      return new PartialFile(path, file, start, hash, there);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes that are there. */
  get size(): number {
    return this.#size;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#file.appendFile(bytes);
    this.#hash.update(bytes);
    this.#size += bytes.length;
  }

  async clear(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = this.#start();
    this.#size = 0;
  }

  /** Whether the content is the one that the blob's name says. Nothing can be appended afterwards but after `clear`. */
  isRight(etag: string): boolean {
    return this.#hash.digest('hex') === etag;
  }

  /** Makes it the blob, once the disk has all of it. */
  async finish(blob: string): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    await rename(this.#path, blob);
  }

  /** Leaves it for the next one, or removes it. */
  async leave(blob: string, keep: boolean): Promise<void> {
    await this.#file.close();
    if (keep && this.#size > 0) await rename(this.#path, `${blob}.incomplete`);
    else await unlink(this.#path);
  }
}

/** Of this machine, so that a disk that several share does not mix up their process numbers. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** Takes over what an earlier process left: of two that try, one gets it. */
async function adopt(blob: string, path: string): Promise<void> {
  const left = [`${basename(blob)}.incomplete`];
  for (const name of await readdir(dirname(blob))) {
    const [, etag, where, pid] =
      /^([0-9a-f]+)\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.incomplete$/.exec(name) ?? [];
    if (etag === basename(blob) && where === host && !isRunning(Number(pid))) left.push(name);
  }
  for (const name of left)
    try {
      return await rename(join(dirname(blob), name), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
}

/** SHA-256, or the SHA-1 that Git makes of a blob, by the length of the checksum. */
function hashOf(etag: string, size: number): Hash {
  return etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}
