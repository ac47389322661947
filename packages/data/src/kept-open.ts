import type { FileHandle } from 'node:fs/promises';

/** A file stays open so long behind its last use, in milliseconds: a folder's pictures, each read once, must not be open by the thousand. */
const IDLE = 50;

/**
 * Uses a file that is opened when it is first used, and closed soon after the last use: many small reads of a shard need no opening each.
 */
export class KeptOpen {
  readonly #open: () => Promise<FileHandle>;
  #handle: Promise<FileHandle> | undefined;
  #users = 0;
  #closing: ReturnType<typeof setTimeout> | undefined;

  constructor(open: () => Promise<FileHandle>) {
    this.#open = open;
  }

  /** @throws what opening throws, each time anew, and what `take` throws */
  async use<T>(take: (handle: FileHandle) => Promise<T>): Promise<T> {
    clearTimeout(this.#closing);
    this.#users++;
    const handle = (this.#handle ??= this.#open());
    try {
      return await take(await handle);
    } catch (error) {
      // What cannot be opened or read now may be there, or another file, when it is asked for again.
      if (this.#handle === handle) this.#handle = undefined;
      void handle.then(opened => opened.close()).catch(() => {});
      throw error;
    } finally {
      if (--this.#users === 0) this.#closeLater();
    }
  }

  #closeLater(): void {
    this.#closing = setTimeout(() => {
      const handle = this.#handle;
      this.#handle = undefined;
      void handle?.then(opened => opened.close());
    }, IDLE);
    this.#closing.unref();
  }
}
