import { OutputError } from '@simvlm/core';
import { checkFolder, checkReplaceable, replaceFile, writeProblem } from '@simvlm/core/node';

/** A file for results that could be written when it was opened. */
export interface OutputFile {
  readonly path: string;
  /**
   * Writes the whole file, see `replaceFile`: a reader finds what was there before or all of this.
   *
   * @throws OutputError (`DISK_WRITE`) with the path and the reason
   */
  write(data: Uint8Array | string): Promise<void>;
}

/**
 * Checks that a file can be written before the work starts whose results go there. Nothing is left at its place until `write`.
 *
 * @param advice what to do when it cannot, such as `give another file with --out`
 * @throws OutputError (`DISK_WRITE`) with the path, the reason and the advice
 */
export async function openOutput(path: string, advice: string): Promise<OutputFile> {
  await explained(path, advice, () => checkReplaceable(path));
  return { path, write: data => explained(path, advice, () => replaceFile(path, data)) };
}

/** The same check for a folder, which need not exist yet, and for the folders above it. @throws as `openOutput` */
export function checkOutputFolder(path: string, advice: string): Promise<void> {
  return explained(path, advice, () => checkFolder(path));
}

async function explained(path: string, advice: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw new OutputError('DISK_WRITE', `cannot write ${path}: ${writeProblem(path, error)}; ${advice}`, {
      cause: error,
    });
  }
}
