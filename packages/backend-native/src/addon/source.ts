import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendError } from '@simvlm/core';
import type { Features } from './features';
import { definitions, linkFlags } from './flags';
import type { Libtorch } from './machine';

/** The file that this code is in, as a module of either kind. */
function here(): string {
  return typeof __filename === 'string' ? __filename : fileURLToPath(import.meta.url);
}

/** The folder of this package, whether this runs from `src` or from the bundle in `dist`. */
export function packageRoot(): string {
  for (let folder = dirname(here()); ; folder = dirname(folder)) {
    try {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (name === '@simvlm/backend-native') return folder;
    } catch {
      // no package.json here: look further up
    }
    if (dirname(folder) === folder)
      throw new BackendError(
        'BACKEND_UNAVAILABLE',
        `the native addon's sources are not beside ${here()}: keep @simvlm/backend-native out of bundles`,
      );
  }
}

/** The addon's C++ files, by their paths in the folder. */
export interface AddonSource {
  readonly folder: string;
  readonly units: readonly string[];
  readonly headers: readonly string[];
}

export function addonSource(): AddonSource {
  const folder = join(packageRoot(), 'addon');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return {
    folder,
    units: files.filter(name => name.endsWith('.cc')),
    headers: files.filter(name => name.endsWith('.h')),
  };
}

/** The folder with `node_api.h`. */
export function nodeApiHeaders(): string {
  return createRequire(here())('node-api-headers').include_dir;
}

/**
 * The folder that stands for Gloo's headers, which c10d's header includes and libtorch does not bring. The addon holds nothing of Gloo's
 * but pointers, so it needs the names alone.
 */
export function glooNames({ folder }: AddonSource): string {
  return join(folder, 'gloo_names');
}

/** Where compiled addons lie, each under its key. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'simvlm', 'native');
}

/**
 * Names a compiled addon after all that its code depends on. Node's version is not among it, Node-API is stable; nor is
 * the compiler's: a machine that only runs the addon needs none.
 */
export function cacheKey(source: AddonSource, libtorch: Libtorch, features: Features): string {
  const hash = createHash('sha256');
  for (const name of [...source.headers, ...source.units])
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(source.folder, name)))
      .update('\0');
  const { version, cuda, includeDirs, cxx11Abi } = libtorch;
  const flags = [...definitions(features), ...linkFlags(libtorch)];
  hash.update(JSON.stringify([version, cuda, includeDirs, cxx11Abi, flags, process.arch]));
  return hash.digest('hex').slice(0, 24);
}
