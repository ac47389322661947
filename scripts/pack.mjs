import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/**
 * Packs a package as it is published.
 *
 * @param {{ folder: string, manifest: { name: string, version: string } }} entry of `packages.mjs`, built
 * @param {string} into a folder; what is packed there already is taken as it is
 * @returns {Promise<string>} the tarball
 */
export async function pack({ folder: cwd, manifest: { name, version } }, into) {
  const tarball = join(into, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  if (existsSync(tarball)) return tarball;
  mkdirSync(into, { recursive: true });
  await exec('pnpm', ['pack', '--pack-destination', into], { cwd, maxBuffer: 1 << 26 });
  return tarball;
}
