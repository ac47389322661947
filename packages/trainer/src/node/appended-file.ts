import { diskError, type FileSystem } from '@simvlm/checkpoint/node';
import { joinedBytes } from '@simvlm/core';

/** Bytes are on the disk this long after they were added, in milliseconds; before a checkpoint is written, at once. */
const FLUSH_AFTER = 2000;

export interface AppendedFileOptions {
  /** Names the file in errors: `the metrics`. */
  readonly what: string;
  /** Bytes that the file is known to hold. */
  readonly written: number;
  /** Told once when the file cannot be written, for as long as that lasts: what was added waits in memory. */
  readonly onWarning?: ((error: Error) => void) | undefined;
  readonly fileSystem: FileSystem;
}

/** A file that grows at its end, and survives a full disk: what cannot be written waits. */
export class AppendedFile {
  readonly path: string;
  readonly #options: AppendedFileOptions;
  #written: number;
  #waiting: Uint8Array[] = [];
  #last = Date.now();
  #warned = false;

  constructor(path: string, options: AppendedFileOptions) {
    this.path = path;
    this.#options = options;
    this.#written = options.written;
  }

  /** Adds bytes, which are written soon. */
  async add(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes);
    if (Date.now() - this.#last > FLUSH_AFTER) await this.tryFlush();
  }

  /** Writes what is waiting, or says why that cannot be. */
  async tryFlush(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      if (!this.#warned) this.#options.onWarning?.(error as Error);
      this.#warned = true;
    }
  }

  /** Writes what is waiting. @throws CheckpointError DISK_WRITE; what is waiting stays, for another try */
  async flush(): Promise<void> {
    const { fileSystem, what } = this.#options;
    this.#last = Date.now();
    if (this.#waiting.length === 0) return;
    const bytes = joinedBytes(this.#waiting);
    try {
      // From the last byte known to be there: a write that failed may have left a part of its own.
      await fileSystem.writeFrom(this.path, this.#written, bytes);
    } catch (error) {
      throw await diskError(fileSystem, `${what} ${this.path}`, this.path, error, { needed: bytes.length });
    }
    this.#written += bytes.length;
    this.#waiting = [];
    this.#warned = false;
  }

  /** The file was replaced by one of so many bytes; nothing may be waiting. */
  replaced(written: number): void {
    this.#written = written;
  }
}
