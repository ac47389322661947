import { copyFile, mkdir, readdir, readFile, rename, stat, symlink, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { replaceFile, temporaryPath } from '@simvlm/core/node';
import { COMMIT } from './listing';
import type { HubName } from './name';
import type { HubSettings } from './settings';

/**
 * The place of one repository in Hugging Face's cache (https://huggingface.co/docs/hub/local-cache), which all their clients share:
 *
 *     models--OWNER--NAME/
 *       blobs/ETAG                  each file once, by its checksum
 *       snapshots/COMMIT/PATH   ->  ../../blobs/ETAG
 *       refs/REVISION               the commit of a branch or tag
 */
export interface RepositoryCache {
  readonly folder: string;
  blob(etag: string): string;
  /** The folder of a commit; without one, that of all. */
  snapshot(commit: string): string;
  /** The commit that a revision was when it was last asked for; undefined where it never was. */
  commitOf(revision: string): Promise<string | undefined>;
  /** Notes the commit of a branch or tag. */
  note(revision: string, commit: string): Promise<void>;
  /** Whether a file of this size is there, through links. */
  has(path: string, size: number): Promise<boolean>;
  /** The files of a snapshot, by their paths below it, and whether each is there: a link may lead to a file that was deleted. */
  filesOf(commit: string): Promise<ReadonlyMap<string, boolean>>;
  /**
   * Puts a blob into a snapshot: as a link where the disk has links.
   *
   * @param isNew whether no other snapshot has it: then it is moved where links are not to be had, else copied
   */
  place(etag: string, commit: string, path: string, isNew: boolean): Promise<void>;
}

export function repositoryCache(
  { cache, copies }: Pick<HubSettings, 'cache' | 'copies'>,
  { repository }: Pick<HubName, 'repository'>,
): RepositoryCache {
  const folder = join(cache, `models--${repository.replace('/', '--')}`);
  const blob = (etag: string) => join(folder, 'blobs', etag);
  const snapshot = (commit: string) => join(folder, 'snapshots', commit);
  const ref = (revision: string) => join(folder, 'refs', ...revision.split('/'));
  return {
    folder,
    blob,
    snapshot,
    async commitOf(revision) {
      if (COMMIT.test(revision)) return revision;
      const commit = (await orAbsent(readFile(ref(revision), 'utf8')))?.trim();
      return commit !== undefined && COMMIT.test(commit) ? commit : undefined;
    },
    async note(revision, commit) {
      if (revision === commit || (await this.commitOf(revision)) === commit) return;
      await mkdir(dirname(ref(revision)), { recursive: true });
      await replaceFile(ref(revision), commit);
    },
    async has(path, size) {
      const found = await orAbsent(stat(path));
      return found?.isFile() === true && found.size === size;
    },
    async filesOf(commit) {
      const root = snapshot(commit);
      const entries = (await orAbsent(readdir(root, { recursive: true, withFileTypes: true }))) ?? [];
      const files = new Map<string, boolean>();
      for (const entry of entries) {
        if (entry.isDirectory()) continue;
        const path = join(entry.parentPath, entry.name);
        const isThere = (await orAbsent(stat(path))) !== undefined;
        files.set(relative(root, path).replaceAll('\\', '/'), isThere);
      }
      return files;
    },
    async place(etag, commit, path, isNew) {
      const to = join(snapshot(commit), ...path.split('/'));
      await mkdir(dirname(to), { recursive: true });
      await temporaryPath(to, async temporary => {
        if (copies || !(await linked(relative(dirname(to), blob(etag)), temporary))) {
          if (isNew) return rename(blob(etag), to);
          await copyFile(blob(etag), temporary);
        }
        await rename(temporary, to).catch(async error => {
          await unlink(temporary);
          throw error;
        });
      });
    },
  };
}

/** Whether a link could be made. Windows lets only some people make them, and some disks have none. */
async function linked(target: string, at: string): Promise<boolean> {
  try {
    await symlink(target, at);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'].includes(code ?? '')) return false;
    throw error;
  }
}

async function orAbsent<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
