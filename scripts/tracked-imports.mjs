/**
 * Fails where a file that git knows imports one that it does not: such a commit works here and nowhere else. What a build makes is known by
 * its folder.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { pathToFileURL } from 'node:url';
import { root } from './packages.mjs';

const SOURCE = /\.[cm]?[jt]sx?$/;
const MADE_BY_A_BUILD = /(^|\/)(generated|dist|node_modules)\//;
/** `from './x'`, `import './x'`, `import('./x')`, `new URL('./x', …)`, at the start of a line or after code, not within a longer string. */
const SPECIFIER = /(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*'(\.{1,2}\/[^'\n]+)'/g;

/**
 * @param {string} folder of a git checkout
 * @returns {string[]} `importer imports file` for each file that is there, but not in git's index
 */
export function untrackedImports(folder) {
  const listed = execFileSync('git', ['ls-files', '-z'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const tracked = new Set(listed.split('\0').filter(Boolean));
  return [...tracked]
    .filter(file => SOURCE.test(file) && existsSync(join(folder, file)))
    .flatMap(file =>
      [...readFileSync(join(folder, file), 'utf8').matchAll(SPECIFIER)]
        .map(([, specifier]) => fileOf(folder, normalize(join(dirname(file), specifier))))
        .filter(found => found && !tracked.has(found) && !MADE_BY_A_BUILD.test(found))
        .map(found => `${file} imports ${found}`),
    );
}

/** The file that an import without its ending means; undefined where there is none, which the type check tells. */
function fileOf(folder, path) {
  const endings = ['', '.ts', '.tsx', '.mts', '.mjs', '.js', '/index.ts'];
  return endings
    .map(ending => path + ending)
    .find(file => statSync(join(folder, file), { throwIfNoEntry: false })?.isFile());
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (existsSync(join(root, '.git'))) {
    const found = untrackedImports(root);
    for (const line of found) console.error(`${line}, which git does not know: git add it`);
    process.exitCode = found.length === 0 ? 0 : 1;
  } else console.log('not a git checkout: nothing to compare with');
}
