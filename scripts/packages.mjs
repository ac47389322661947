import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Every published package: `{ folder, name, manifest }`. */
export const packages = readdirSync(new URL('../packages', import.meta.url), { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(entry => packageIn(`${root}packages/${entry.name}`))
  .filter(({ manifest }) => !manifest.private);

/** The package in a folder. */
export function packageIn(folder) {
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  return { folder, name: manifest.name, manifest };
}
