import { createHash } from 'node:crypto';

/** A commit that is pushed to a local hub. */
export interface LocalRepository {
  /** `OWNER/NAME`. */
  readonly name: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Default `main`. */
  readonly branch?: string;
  /** Strangers do not see it. */
  readonly isPrivate?: boolean;
  /** Everybody sees it, and must accept its licence. */
  readonly isGated?: boolean;
}

export interface StoredFile {
  readonly bytes: Uint8Array;
  /** Git's SHA-1 of the blob; of a large file, that of its pointer. */
  readonly oid: string;
  /** SHA-256 of a file of Git LFS. */
  readonly sha256: string | undefined;
}

export interface StoredRepository {
  readonly isPrivate: boolean;
  readonly isGated: boolean;
  readonly branches: Map<string, string>;
  readonly commits: Map<string, ReadonlyMap<string, StoredFile>>;
}

/** What Git LFS keeps, as the hub's `.gitattributes` has it. */
const LARGE = /\.(safetensors|bin|model)$/;

export function repositoryOf(given: LocalRepository, before?: StoredRepository): StoredRepository {
  const files = new Map([...given.files].map(([path, bytes]) => [path, storedFile(path, bytes)]));
  const tree = [...files].map(([path, { oid }]) => `${oid} ${path}`).join('\n');
  const commit = createHash('sha1').update(`${given.name}\n${tree}`).digest('hex');
  return {
    isPrivate: given.isPrivate ?? false,
    isGated: given.isGated ?? false,
    branches: new Map([...(before?.branches ?? []), [given.branch ?? 'main', commit]]),
    commits: new Map([...(before?.commits ?? []), [commit, files]]),
  };
}

function storedFile(path: string, bytes: Uint8Array): StoredFile {
  if (!LARGE.test(path)) return { bytes, oid: gitBlob(bytes), sha256: undefined };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${bytes.length}\n`;
  return { bytes, oid: gitBlob(new TextEncoder().encode(pointer)), sha256 };
}

function gitBlob(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
