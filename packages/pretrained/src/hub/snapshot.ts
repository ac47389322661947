import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytesText, diskError, nodeFileSystem } from '@simvlm/checkpoint/node';
import { CheckpointError, HubError, isSimVlmError } from '@simvlm/core';
import type { HubClient } from './ask';
import { type RepositoryCache, repositoryCache } from './cache';
import { downloadBlob } from './download';
import { type HubFile, type HubListing, hubListing } from './listing';
import { type HubName, parseHubName } from './name';
import { isEssential } from './needed-files';
import { type HubSettings, hubSettings } from './settings';

/** Files of a repository, in the cache. */
export interface HubSnapshot {
  /** Holds the files, as links where the disk has them. Never write to them. */
  readonly folder: string;
  readonly repository: string;
  readonly revision: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
  /** Paths of the files below the folder. */
  readonly files: readonly string[];
  /** Why only the cache was looked at; undefined where the hub was asked. */
  readonly offline?: string;
}

/** What is to be downloaded. */
export interface HubPlan {
  readonly repository: string;
  readonly commit: string;
  readonly files: readonly (HubFile & { readonly isCached: boolean })[];
  /** Bytes of all files that are needed. */
  readonly bytes: number;
  /** Bytes of those that are not in the cache. */
  readonly toFetch: number;
}

/** How far a download is. */
export interface HubProgress {
  /** The file that is on its way. */
  readonly path: string;
  /** Bytes that are there, of all files that were not in the cache. */
  readonly bytes: number;
  readonly of: number;
}

export interface HubOptions extends Partial<Pick<HubClient, 'fetch' | 'signal' | 'delays'>> {
  /** Which of the repository's files are needed; default: all. What it throws ends the download before it begins. */
  select?(paths: readonly string[]): readonly string[];
  /** Told once, before anything is downloaded. */
  onPlan?(plan: HubPlan): void;
  onProgress?(progress: HubProgress): void;
  /** Default: those of the environment. */
  readonly settings?: HubSettings;
}

/**
 * Brings files of a repository into Hugging Face's cache and gives their folder. What is there already is not downloaded again; where the hub
 * cannot be reached, or `HF_HUB_OFFLINE` is set, what the cache has of the revision is used.
 *
 * @param name `hf:OWNER/NAME` or `hf:OWNER/NAME@REVISION`
 * @throws ConfigError for what is no name; HubError; CheckpointError DISK_WRITE when the cache cannot be written
 */
export async function hubSnapshot(name: string, options: HubOptions = {}): Promise<HubSnapshot> {
  const at = parseHubName(name);
  const settings = options.settings ?? (await hubSettings());
  const cache = repositoryCache(settings, at);
  if (settings.offline) {
    const found = await cachedSnapshot(cache, at, options, 'HF_HUB_OFFLINE is set');
    if (typeof found === 'object') return found;
    const lack = found === 'part' ? `only part of ${name}` : `no ${name}`;
    throw new HubError(
      'HUB_UNREACHABLE',
      `HF_HUB_OFFLINE is set, and the cache ${settings.cache} has ${lack}; unset it to download ${found === 'part' ? 'the rest' : 'it'}`,
    );
  }
  const client: HubClient = { ...options, settings };
  let listing: HubListing;
  try {
    listing = await hubListing(client, at);
  } catch (error) {
    if (!isSimVlmError(error) || error.code !== 'HUB_UNREACHABLE') throw error;
    const found = await cachedSnapshot(cache, at, options, error.message);
    if (typeof found === 'object') return found;
    if (found === 'none') throw error;
    throw new HubError(error.code, `${error.message}; the cache has only part of ${name}`, { cause: error });
  }
  return fetchListed(client, cache, at, listing, options);
}

async function fetchListed(
  client: HubClient,
  cache: RepositoryCache,
  { repository, revision }: HubName,
  { commit, files: listed }: HubListing,
  { select = paths => paths, onPlan, onProgress }: HubOptions,
): Promise<HubSnapshot> {
  const folder = cache.snapshot(commit);
  const wanted = new Set(select(listed.map(({ path }) => path)));
  const files = [];
  for (const file of listed)
    if (wanted.has(file.path))
      files.push({ ...file, isCached: await cache.has(`${folder}/${file.path}`, file.size) });
  const missing = files.filter(({ isCached }) => !isCached);
  const bytes = total(files);
  const toFetch = total(missing);
  onPlan?.({ repository, commit, files, bytes, toFetch });
  await checkRoom(cache.folder, toFetch);
  let done = 0;
  for (const file of missing) {
    const blob = cache.blob(file.etag);
    const isNew = !(await cache.has(blob, file.size));
    const tell = (there: number) => onProgress?.({ path: file.path, bytes: done + there, of: toFetch });
    if (isNew) await downloadBlob({ client, repository, commit, file, blob, onProgress: tell });
    else tell(file.size);
    await written(cache, () => cache.place(file.etag, commit, file.path, isNew));
    done += file.size;
  }
  // Last: a commit that a branch leads to has its files. A cache that has them all may be one that cannot be written.
  const noted = written(cache, () => cache.note(revision, commit));
  await (missing.length > 0 ? noted : noted.catch(() => undefined));
  return { folder, repository, revision, commit, files: files.map(({ path }) => path) };
}

/** What the cache has of a revision, where that is all that is needed. Python's clients leave there what they needed, such as a tokenizer. */
async function cachedSnapshot(
  cache: RepositoryCache,
  { repository, revision }: HubName,
  { select = paths => paths }: HubOptions,
  offline: string,
): Promise<HubSnapshot | 'part' | 'none'> {
  const commit = await cache.commitOf(revision);
  const listed = commit === undefined ? undefined : await cache.filesOf(commit);
  if (commit === undefined || !listed?.size) return 'none';
  const wanted = selected(select, [...listed.keys()]);
  const files = wanted?.filter(path => listed.get(path));
  if (!wanted || !files?.length || wanted.some(path => !listed.get(path) && isEssential(path))) return 'part';
  return { folder: cache.snapshot(commit), repository, revision, commit, files, offline };
}

/** Undefined where files that are needed are not among the paths. */
function selected(
  select: (paths: readonly string[]) => readonly string[],
  paths: readonly string[],
): readonly string[] | undefined {
  try {
    return select(paths);
  } catch (error) {
    // It speaks of a repository, and these paths are only those that somebody once needed.
    if (error instanceof HubError) return undefined;
    throw error;
  }
}

/** @throws CheckpointError DISK_WRITE before a download that the disk has no room for */
async function checkRoom(folder: string, bytes: number): Promise<void> {
  const free = await freeNear(folder);
  if (free === undefined || free >= bytes) return;
  throw new CheckpointError(
    'DISK_WRITE',
    `the download takes ${bytesText(bytes)}, and ${bytesText(free)} are free at ${folder}; free some space, or let HF_HUB_CACHE name another place`,
  );
}

/** Bytes that may be written at a folder, or at the nearest one above it that is there. */
async function freeNear(folder: string): Promise<number | undefined> {
  for (let place = folder; ; place = dirname(place)) {
    try {
      const { bavail, bsize } = await statfs(place);
      return bavail * bsize;
    } catch {
      // Not every file system tells: then the writing does.
      if (dirname(place) === place) return undefined;
    }
  }
}

async function written<T>({ folder }: RepositoryCache, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw await diskError(nodeFileSystem, `the cache ${folder}`, folder, error);
  }
}

function total(files: readonly { readonly size: number }[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
