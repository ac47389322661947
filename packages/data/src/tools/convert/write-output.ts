import { OutputError } from '@simvlm/core';
import { replaceFile, writeProblem } from '@simvlm/core/node';

/** Writes a whole file, see `replaceFile`. @throws OutputError `DISK_WRITE` */
export function writeOutput(path: string, text: string): Promise<void> {
  return explained(path, () => replaceFile(path, text));
}

/** An action on the disk whose failure is an OutputError `DISK_WRITE` with the path and the reason. */
export async function explained<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new OutputError('DISK_WRITE', `cannot write ${path}: ${writeProblem(path, error)}`, {
      cause: error,
    });
  }
}
