import { HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { HubError } from '@simvlm/core';
import { type HubClient, hubFetch } from './ask';
import type { HubName } from './name';

/** A file of a repository. */
export interface HubFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /**
   * Its checksum in hexadecimal, by which the cache names it: SHA-256 of the content for a large file, that is of Git LFS; for others Git's
   * SHA-1 of a blob.
   */
  readonly etag: string;
}

/** What a repository holds at a commit. */
export interface HubListing {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/**
 * Asks the hub which commit a revision is, and for that commit's files.
 *
 * @throws HubError as `askHub`; HUB_INVALID for an answer that is none, or a file name that leads out of the cache
 */
export async function hubListing(client: HubClient, { repository, revision }: HubName): Promise<HubListing> {
  const common = { hubUrl: client.settings.endpoint.href.replace(/\/$/, ''), fetch: hubFetch(client) };
  const refuse = (what: string) => new HubError('HUB_INVALID', `${repository}: the hub's answer has ${what}`);
  try {
    const { sha } = await modelInfo({ ...common, name: repository, revision, additionalFields: ['sha'] });
    if (typeof sha !== 'string' || !COMMIT.test(sha)) throw refuse('no commit');
    const files: HubFile[] = [];
    for await (const entry of listFiles({ ...common, repo: repository, revision: sha, recursive: true })) {
      if (entry.type !== 'file') continue;
      const { path, size } = entry;
      const etag = entry.lfs?.oid ?? entry.oid;
      if (!isSafePath(path)) throw refuse(`a file that no folder can hold, "${path}"`);
      if (!Number.isSafeInteger(size) || size < 0 || typeof etag !== 'string' || !ETAG.test(etag))
        throw refuse(`no size or no checksum for ${path}`);
      files.push({ path, size, etag });
      if (files.length > MOST_FILES) throw refuse(`more than ${MOST_FILES} files`);
    }
    return { commit: sha, files };
  } catch (error) {
    if (error instanceof HubApiError || error instanceof SyntaxError || error instanceof TypeError)
      throw new HubError('HUB_INVALID', `${repository}: the hub's answer cannot be read: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}

export const COMMIT = /^[0-9a-f]{40}$/;
const ETAG = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const MOST_FILES = 100_000;

/** Whether a path stays in the folder that it is joined to, on Windows too. */
function isSafePath(path: unknown): path is string {
  return (
    typeof path === 'string' &&
    path.split('/').every(part => part !== '' && part !== '.' && part !== '..' && !/[\\:\p{Cc}]/u.test(part))
  );
}
