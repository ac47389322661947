import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The packages by name, each with the file that its sources begin with: the `paths` of tsconfig.json as aliases for Vite,
 * so that tests and Caption Studio need no build of the packages.
 *
 * @param replaced other files for some of the names, from the root of the repository
 */
export function sourceAliases(
  replaced: Readonly<Record<string, string>> = {},
): { find: RegExp; replacement: string }[] {
  const root = new URL('../', import.meta.url);
  const tsconfig = JSON.parse(readFileSync(new URL('tsconfig.json', root), 'utf8'));
  const paths = tsconfig.compilerOptions.paths as Record<string, [string]>;
  return Object.entries(paths).map(([name, [file]]) => ({
    find: new RegExp(`^${name}$`),
    replacement: fileURLToPath(new URL(replaced[name] ?? file, root)),
  }));
}
