import { dirname } from 'node:path';

/** Why a file or folder could not be written, in words, from the error of the file system: `the disk is full`. */
export function writeProblem(path: string, error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: `there is no folder ${dirname(path)}`,
    ENOTDIR: 'part of the path is a file, not a folder',
    EISDIR: 'it is a folder',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the disk is read-only',
    ENOSPC: 'the disk is full',
    EDQUOT: 'your disk quota is used up',
    EFBIG: 'the file would be larger than this disk allows',
    ENAMETOOLONG: 'the name is too long',
    EIO: 'the disk reports an error',
    ETXTBSY: 'another program is using it',
    EBUSY: 'another program is using it',
  };
  return Object.hasOwn(reasons, code) ? `${reasons[code]} (${code})` : message;
}
