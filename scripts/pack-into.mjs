/**
 * `pnpm pack-into FOLDER NAME…`: builds the named packages and those that they need, packs them into `FOLDER/simvlm-packages`, and enters the
 * named ones into `FOLDER/package.json`, as if they came from a registry. Then `npm install` in FOLDER installs them.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pack } from './pack.mjs';
import { packages, root } from './packages.mjs';

const TARBALLS = 'simvlm-packages';
const [given, ...named] = process.argv.slice(2);
const known = packages.map(({ name }) => name);
const unknown = named.filter(name => !known.includes(name));
if (given === undefined || named.length === 0 || unknown.length > 0) {
  console.error(
    unknown.length > 0 ? `no package of this repository: ${unknown.join(', ')}` : 'which packages?',
  );
  console.error(`pnpm pack-into FOLDER NAME…, with names of ${known.join(', ')}`);
  process.exit(2);
}
const folder = resolve(given);

const needed = withDependencies(named);
const builds = needed.map(({ name }) => `--filter=${name}`);
execFileSync('pnpm', ['exec', 'turbo', 'run', 'build', ...builds, '--output-logs=errors-only'], {
  cwd: root,
  stdio: 'inherit',
});
rmSync(join(folder, TARBALLS), { recursive: true, force: true });
const tarballs = {};
for (const entry of needed)
  tarballs[entry.name] = `file:./${TARBALLS}/${basename(await pack(entry, join(folder, TARBALLS)))}`;

const file = join(folder, 'package.json');
const manifest = existsSync(file)
  ? JSON.parse(readFileSync(file, 'utf8'))
  : { private: true, type: 'module' };
manifest.dependencies = {
  ...manifest.dependencies,
  ...Object.fromEntries(named.map(name => [name, tarballs[name]])),
};
// The packages ask for one another by version, which no registry has yet.
manifest.overrides = { ...manifest.overrides, ...tarballs };
writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
console.log(
  `${named.join(', ')} and what they need are in ${join(folder, TARBALLS)}; now: npm install in ${folder}`,
);

/** The packages of these names and all of the repository that they depend on, peers included. */
function withDependencies(names) {
  const found = new Set(names);
  for (const name of found) {
    const { manifest } = packages.find(({ name: other }) => other === name);
    for (const other of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }))
      if (known.includes(other)) found.add(other);
  }
  return packages.filter(({ name }) => found.has(name));
}
