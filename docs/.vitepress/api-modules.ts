import { readFileSync } from 'node:fs';
import { root } from './pages';

/** What can be imported from the packages, in the order of tsconfig.json's `paths`: `@simvlm/core`, `@simvlm/core/node`, … */
export const apiModules: readonly { readonly name: string; readonly file: string }[] = readModules();

function readModules() {
  const { compilerOptions } = JSON.parse(readFileSync(`${root}tsconfig.json`, 'utf8'));
  return Object.entries(compilerOptions.paths as Record<string, [string]>)
    .map(([name, [path]]) => ({ name, file: root + path.slice('./'.length) }))
    .filter(({ file }) => file.startsWith(`${root}packages/`))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
