import type { StudioFailure } from '../../engine/engine';

/** Files of one import; a checkpoint has about ten, and a system may add some of its own. */
export const MAX_FILES = 1_000;
/** Bytes of one import, packed and unpacked: all of it is in memory at once. */
export const MAX_BYTES = 2 * 2 ** 30;
/** An archive may unpack to so many times its own bytes: weights hardly compress. */
const MAX_RATIO = 10;
/** So many bytes it may unpack to in any case. */
const ALWAYS = 64 * 2 ** 20;

/** A file as a folder or an archive lists it, before anything of it is read. */
export interface ListedFile {
  /** With its folders, separated by `/`. */
  readonly path: string;
  readonly bytes: number;
}

/** Stops at more than `MAX_FILES`, so that a list is never longer. @throws StudioFailure */
export function checkCount(count: number): void {
  if (count > MAX_FILES)
    throw tooMuch(
      'There are too many files to import',
      'A checkpoint has about ten files. Import one checkpoint folder, or a zip of it, alone.',
      `more than ${MAX_FILES} files, which is the limit`,
    );
}

/** @throws StudioFailure for a file, or a sum of files, that a page has no room for */
export function checkBytes(bytes: number): void {
  if (bytes > MAX_BYTES)
    throw tooMuch(
      'This checkpoint is too large for a page',
      'Use it with the command line: simvlm caption --checkpoint FOLDER. Or import it without optimizer.safetensors, which only resuming needs.',
      `${bytes} bytes; the limit is ${MAX_BYTES}`,
    );
}

/** @param archive its own bytes. @throws StudioFailure for an archive that would unpack to far more than it holds */
export function checkRatio(files: readonly ListedFile[], archive: number): void {
  const total = sum(files);
  const limit = Math.max(ALWAYS, MAX_RATIO * archive);
  if (total > limit)
    throw tooMuch(
      'This archive unpacks to far more than it holds',
      'Weights hardly compress, so no checkpoint is packed like this. If you trust it, unpack it and import the folder.',
      `${archive} bytes would unpack to ${total}; the limit is ${limit}, ${MAX_RATIO} times the archive but at least ${ALWAYS}`,
    );
}

/**
 * The files of an import by their last names.
 *
 * @throws StudioFailure for too many files or bytes, for a path that leads out of its folder, and for two files of one name
 */
export function importNames(files: readonly ListedFile[]): string[] {
  checkCount(files.length);
  checkBytes(sum(files));
  const paths = new Map<string, string>();
  return files.map(({ path }) => {
    if (!staysInside(path))
      throw unusable(
        'A file name in this checkpoint leads elsewhere',
        'Names must not begin with / or contain .. or \\. Pack the checkpoint folder again, with plain names.',
        JSON.stringify(path),
      );
    const name = path.slice(path.lastIndexOf('/') + 1);
    const first = paths.get(name);
    if (first !== undefined)
      throw unusable(
        `There are two files named ${name}`,
        'Import one checkpoint folder alone, such as the newest of a run.',
        `${first} and ${path}`,
      );
    paths.set(name, path);
    return name;
  });
}

/** Whether a file belongs to a checkpoint, rather than to the system that packed it. */
export function isContent(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name !== '' && !name.startsWith('.') && !path.startsWith('__MACOSX/');
}

function staysInside(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a name with control characters is what is looked for
  if (/[\\\u0000-\u001f\u007f]|^[A-Za-z]:/.test(path)) return false;
  return path.split('/').every(part => part !== '' && part !== '.' && part !== '..');
}

function sum(files: readonly ListedFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}

function tooMuch(title: string, advice: string, detail: string): StudioFailure {
  return { code: 'CHECKPOINT_TOO_LARGE', title, advice, detail };
}

function unusable(title: string, advice: string, detail: string): StudioFailure {
  return { code: 'CHECKPOINT_DAMAGED', title, advice, detail };
}
