import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Machine } from './machine';

type Places = Pick<Machine, 'env' | 'home' | 'root'>;

/**
 * Folders where Python packages may lie, the active environment's first. Found by looking, not by asking a Python: to
 * start one takes up to a second, and every load of the addon would wait for it.
 */
export function sitePackages({ env, home, root }: Places): string[] {
  const pyenv = env.PYENV_ROOT || join(home, '.pyenv');
  const folders = [
    ...[env.VIRTUAL_ENV, env.CONDA_PREFIX].flatMap(prefix => (prefix ? packagesUnder(prefix) : [])),
    ...pythonPrefixes(env.PATH ?? '').flatMap(packagesUnder),
    ...packagesUnder(join(home, '.local')),
    ...children(join(pyenv, 'versions')).flatMap(packagesUnder),
    ...packagesUnder(join(root, '/usr/local')),
    ...packagesUnder(join(root, '/usr')),
  ];
  return [...new Set(folders)];
}

/** Folders where a libtorch may be installed. */
export function prefixes({ root }: Places): string[] {
  return ['/usr/local', '/opt/libtorch', '/usr/local/libtorch', '/usr'].map(folder => join(root, folder));
}

/** `<prefix>/lib/python3*​/site-packages` and Debian's `dist-packages`. */
function packagesUnder(prefix: string): string[] {
  return ['lib', 'lib64'].flatMap(lib =>
    children(join(prefix, lib))
      .filter(folder => /\/python3[.\d]*$/.test(folder))
      .flatMap(folder => [join(folder, 'site-packages'), join(folder, 'dist-packages')])
      .filter(folder => existsSync(folder)),
  );
}

/** Where the Pythons on the path are installed: as named (a virtual environment), and where their links lead. */
function pythonPrefixes(path: string): string[] {
  return path
    .split(delimiter)
    .filter(folder => folder !== '')
    .flatMap(folder => [join(folder, 'python3'), join(folder, 'python')])
    .filter(file => existsSync(file))
    .flatMap(file => [dirname(dirname(file)), dirname(dirname(realpathSync(file)))]);
}

/** Paths of what lies in a folder, the newest version last in name first. */
function children(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return names.map(name => join(folder, name));
}
