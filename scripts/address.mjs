/**
 * Where the project is published: `node scripts/address.mjs https://example.org/owner/name` writes it as `repository`, `homepage` and `bugs`
 * into every package; npm then resolves the relative links of READMEs. The one source is `repository` of the root's package.json.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packages, root } from './packages.mjs';

const rootFile = join(root, 'package.json');

/** The address in the root's package.json, without a slash at its end; undefined while the project has none. */
export function projectAddress() {
  return read(rootFile)
    .repository?.url.replace(/^git\+/, '')
    .replace(/\.git$/, '');
}

/** The fields that say where a package comes from, none without an address. */
export function addressFields(address, folder) {
  if (address === undefined) return {};
  const directory = relative(root, folder);
  return {
    repository: { type: 'git', url: `git+${address}.git`, ...(directory && { directory }) },
    homepage: `${address}/tree/main/${directory}#readme`,
    bugs: `${address}/issues`,
  };
}

/** @param address begins with https://, and names a repository, not a page in it */
function setAddress(address) {
  if (!/^https:\/\/[^/\s]+\/[^\s#?]+[^/\s#?]$/.test(address))
    throw new Error(`'${address}' is not the https:// address of a repository`);
  const plain = address.replace(/\.git$/, '');
  writeFields(rootFile, { repository: addressFields(plain, root).repository });
  for (const { folder } of packages) writeFields(join(folder, 'package.json'), addressFields(plain, folder));
}

/** Behind `license`, where readers look for them. */
function writeFields(file, fields) {
  const entries = Object.entries(read(file)).filter(
    ([key]) => !['repository', 'homepage', 'bugs'].includes(key),
  );
  const at = entries.findIndex(([key]) => key === 'license') + 1;
  const manifest = Object.fromEntries([
    ...entries.slice(0, at),
    ...Object.entries(fields),
    ...entries.slice(at),
  ]);
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
}

function read(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setAddress(process.argv[2] ?? '');
