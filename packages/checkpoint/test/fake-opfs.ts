import type { Directory, FileHandle } from '../src/browser';

export interface FakeOptions {
  /** Bytes that fit, unfinished writes among them; default: any number. */
  quota?: number;
  /** How files are written: as in Safari before 26, without `createWritable`. */
  inPlace?: boolean;
  /** The operation, counted from 0, that fails. */
  failAt?: number;
  /** Every one after it fails too, as where the tab was closed. */
  forever?: boolean;
  /** The name of the exception. */
  failure?: string;
}

/**
 * A private file system in memory that fails as browsers do: exceptions by their names, a quota that unfinished writes count for,
 * contents that appear when a stream is closed and not before.
 */
export class FakeOpfs {
  readonly options: FakeOptions;
  operations = 0;
  readonly #root = new Map<string, Entry>();
  #unfinished = 0;

  constructor(options: FakeOptions = {}) {
    this.options = options;
  }

  readonly root = async (): Promise<Directory> => this.#directory(this.#root);

  /** Paths of all files. */
  paths(entries = this.#root, prefix = ''): string[] {
    return [...entries].flatMap(([name, entry]) =>
      entry instanceof Map ? this.paths(entry, `${prefix}${name}/`) : [`${prefix}${name}`],
    );
  }

  /** The content of a file, to be changed by a test. */
  file(path: string): { bytes: Uint8Array } {
    const entry = path
      .split('/')
      .reduce<Entry | undefined>((at, name) => (at as Map<string, Entry>)?.get(name), this.#root);
    if (!entry || entry instanceof Map) throw new Error(`no file ${path}`);
    return entry;
  }

  remove(path: string): void {
    const parts = path.split('/');
    const last = parts.pop()!;
    parts.reduce((at, name) => at.get(name) as Map<string, Entry>, this.#root).delete(last);
  }

  #operation(): void {
    const { failAt = -1, forever = false, failure = 'UnknownError' } = this.options;
    const at = this.operations++;
    if (at === failAt || (forever && failAt >= 0 && at > failAt)) throw exception(failure);
  }

  #used(entries = this.#root): number {
    let sum = 0;
    for (const entry of entries.values())
      sum += entry instanceof Map ? this.#used(entry) : entry.bytes.length;
    return sum;
  }

  #take(bytes: number): void {
    if (this.#used() + this.#unfinished + bytes > (this.options.quota ?? Number.POSITIVE_INFINITY))
      throw exception('QuotaExceededError');
  }

  #directory(entries: Map<string, Entry>): Directory {
    return {
      getDirectoryHandle: async (name, { create = false } = {}) => {
        this.#operation();
        const made = entry(entries, name, create, () => new Map());
        if (!(made instanceof Map)) throw exception('TypeMismatchError');
        return this.#directory(made);
      },
      getFileHandle: async (name, { create = false } = {}) => {
        this.#operation();
        const made = entry(entries, name, create, () => ({ bytes: new Uint8Array(0) }));
        if (made instanceof Map) throw exception('TypeMismatchError');
        return this.#file(made);
      },
      removeEntry: async (name, { recursive = false } = {}) => {
        this.#operation();
        const found = entries.get(name);
        if (!found) throw exception('NotFoundError');
        if (found instanceof Map && found.size > 0 && !recursive) throw exception('InvalidModificationError');
        entries.delete(name);
      },
      keys: () => this.#keys(entries),
    };
  }

  async *#keys(entries: Map<string, Entry>) {
    this.#operation();
    yield* [...entries.keys()];
  }

  #file(file: FileEntry): FileHandle {
    return {
      getFile: async () => {
        this.#operation();
        return new Blob([file.bytes as BlobPart]);
      },
      ...(this.options.inPlace ? { createSyncAccessHandle: this.#inPlace(file) } : this.#writable(file)),
    };
  }

  #writable(file: FileEntry): Pick<FileHandle, 'createWritable'> {
    return {
      createWritable: async () => {
        this.#operation();
        let content = new Uint8Array(0);
        let closed = false;
        const end = () => {
          if (closed) throw new TypeError('the stream is closed');
          closed = true;
          this.#unfinished -= content.length;
        };
        const orFail = (action: () => void) => {
          try {
            action();
          } catch (error) {
            if (!closed) end();
            throw error;
          }
        };
        return {
          write: async data =>
            orFail(() => {
              this.#operation();
              this.#take(data.length);
              content = joined(content, content.length, data);
              this.#unfinished += data.length;
            }),
          close: async () =>
            orFail(() => {
              this.#operation();
              end();
              file.bytes = content;
            }),
          abort: async () => end(),
        };
      },
    };
  }

  #inPlace(file: FileEntry): NonNullable<FileHandle['createSyncAccessHandle']> {
    return async () => {
      this.#operation();
      return {
        truncate: size => {
          this.#operation();
          file.bytes = file.bytes.slice(0, size);
        },
        write: (data, { at = 0 } = {}) => {
          // What fails in the middle has written the first half.
          const half = () => {
            file.bytes = joined(file.bytes, at, data.subarray(0, data.length / 2));
          };
          try {
            this.#operation();
            this.#take(data.length);
          } catch (error) {
            half();
            throw error;
          }
          file.bytes = joined(file.bytes, at, data);
          return data.length;
        },
        flush: () => this.#operation(),
        close() {},
      };
    };
  }
}

/** A file's bytes up to `at`, then `data`. */
function joined(bytes: Uint8Array, at: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(at + data.length);
  whole.set(bytes.subarray(0, at));
  whole.set(data, at);
  return whole;
}

interface FileEntry {
  bytes: Uint8Array;
}
type Entry = Map<string, Entry> | FileEntry;

function entry(entries: Map<string, Entry>, name: string, create: boolean, make: () => Entry): Entry {
  if (name === '' || name === '.' || name === '..' || name.includes('/'))
    throw new TypeError(`"${name}" is no name`);
  let found = entries.get(name);
  if (!found) {
    if (!create) throw exception('NotFoundError');
    found = make();
    entries.set(name, found);
  }
  return found;
}

function exception(name: string): DOMException {
  return new DOMException(`${name}: made up`, name);
}
