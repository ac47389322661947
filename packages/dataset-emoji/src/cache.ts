import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { DataError, type JsonValue, parseJsonObject } from '@simvlm/core';
import { clearLeftovers, replaceFile, writeProblem } from '@simvlm/core/node';

/** What stands beside the pixels. */
interface Manifest {
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** One set of pixels in a cache folder: `emoji-<size>-<key>.pixels`, and `.json` with its checksum. */
export interface CacheEntry {
  readonly folder: string;
  /** Side of the pictures in pixels; only for the name of the file. */
  readonly size: number;
  /** Equal only if the pixels would be. */
  readonly key: string;
  /** Length of the pixels. */
  readonly bytes: number;
}

/** A manifest has about 150 bytes. */
const MAX_MANIFEST = 4096;

/** The files of all entries. */
const CACHED = /^emoji-\d+-\w+\.(pixels|json)$/;

/** `option`, else SIMVLM_CACHE, else `simvlm` in XDG_CACHE_HOME (ignored when relative, as XDG asks) or in ~/.cache. */
export function cacheFolder(option?: string, env: NodeJS.ProcessEnv = process.env): string {
  const own = option || env.SIMVLM_CACHE;
  if (own) return resolve(own);
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'simvlm');
}

/** A short name for everything that the pixels depend on. */
export function cacheKey(parts: unknown): string {
  return sha256(JSON.stringify(parts)).slice(0, 20);
}

/**
 * The pixels, if they are there and whole.
 *
 * @throws DataError when something is there that cannot be used; the message says what is wrong with it
 */
export async function readCache(entry: CacheEntry): Promise<Uint8Array | undefined> {
  const { pixels, manifest } = files(entry);
  const damaged = (what: string) =>
    new DataError('DATA_INVALID', `the cache ${pixels} is damaged: ${what}; it is made again`);
  let text: Buffer;
  let data: Buffer;
  try {
    // Nothing is read before it is known how much it is.
    const size = await sizeOf(manifest);
    if (size > MAX_MANIFEST) throw damaged(`its manifest has ${size} bytes, above ${MAX_MANIFEST}`);
    text = await readFile(manifest);
    const bytes = await sizeOf(pixels);
    if (bytes !== entry.bytes) throw damaged(`${bytes} bytes instead of ${entry.bytes}`);
    data = await readFile(pixels);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new DataError('DATA_INVALID', `cannot read the cache ${pixels}: ${code ?? message}`, { cause });
  }
  const expected = parse(text);
  if (expected === undefined) throw damaged('its manifest is not JSON');
  if (expected.key !== entry.key || expected.bytes !== entry.bytes)
    throw damaged('its manifest is of another');
  if (sha256(data) !== expected.sha256) throw damaged('its checksum differs');
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

/**
 * Writes the pixels, then the manifest, each of them whole or not at all, so that a reader finds the old, the new or nothing. What
 * killed writers of any size left in the folder is removed.
 *
 * @throws DataError when the folder cannot be written
 */
export async function writeCache(entry: CacheEntry, data: Uint8Array): Promise<void> {
  const { pixels, manifest } = files(entry);
  const content: Manifest = { key: entry.key, bytes: data.length, sha256: sha256(data) };
  try {
    await mkdir(entry.folder, { recursive: true });
    await clearLeftovers(pixels, name => CACHED.test(name));
    await replaceFile(pixels, data);
    await replaceFile(manifest, `${JSON.stringify(content)}\n`);
  } catch (cause) {
    throw new DataError(
      'DISK_WRITE',
      `cannot write the cache in ${entry.folder}: ${writeProblem(entry.folder, cause)}; give a folder that can be written as cacheDir or SIMVLM_CACHE`,
      { cause },
    );
  }
}

function files({ folder, size, key }: CacheEntry) {
  const stem = join(folder, `emoji-${size}-${key}`);
  return { pixels: `${stem}.pixels`, manifest: `${stem}.json` };
}

/** Bytes of a regular file; anything else may never end. */
async function sizeOf(path: string): Promise<number> {
  const file = await stat(path);
  if (!file.isFile()) throw new Error(`${path} is not a regular file`);
  return file.size;
}

/** The manifest, whose values are compared before they are used, or undefined for what is no JSON object. */
function parse(text: Uint8Array): Partial<Record<keyof Manifest, JsonValue>> | undefined {
  try {
    return parseJsonObject(text, 'the manifest');
  } catch {
    return undefined;
  }
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
