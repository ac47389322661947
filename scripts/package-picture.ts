import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import layers from './layers.json';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Package {
  /** Its folder in `packages/`. */
  readonly folder: string;
  readonly name: string;
  readonly description: string;
  /** Folders of the packages that its sources import, tests left out. */
  readonly imports: ReadonlySet<string>;
}

/** The packages as a diagram (Mermaid) and a table, layer by layer from the top, for docs/packages.md. */
export function packagePicture(): string {
  const packages = readPackages();
  const fromTop = [...layers.entries()].reverse();
  const boxes = fromTop.map(
    ([layer, folders]) =>
      `  subgraph layer${layer} ["${layer}"]\n${folders.map(folder => `    ${folder}`).join('\n')}\n  end`,
  );
  const arrows = fromTop.flatMap(([, folders]) =>
    folders.flatMap(folder => directImports(folder, packages).map(other => `  ${folder} --> ${other}`)),
  );
  const rows = fromTop.flatMap(([layer, folders]) =>
    folders.map((folder, i) => {
      const { name, description } = packages.get(folder)!;
      return `| ${i === 0 ? layer : ''} | [\`${name}\`](../packages/${folder}) | ${description} |`;
    }),
  );
  return [
    '```mermaid',
    'flowchart TD',
    ...boxes,
    ...arrows,
    '```',
    '',
    '| layer | package | holds |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** Names of the layers' packages, the top one first, for CONTRIBUTING.md. */
export function layerList(): string {
  return layers
    .toReversed()
    .map(folders => folders.join(' · '))
    .join('\n');
}

function readPackages(): ReadonlyMap<string, Package> {
  const packages = new Map<string, Package>();
  for (const folder of readdirSync(join(root, 'packages'))) {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
    packages.set(folder, {
      folder,
      name: manifest.name,
      description: manifest.description,
      imports: importsOf(folder),
    });
  }
  return packages;
}

function importsOf(folder: string): Set<string> {
  const imports = new Set<string>();
  const sources = join(root, 'packages', folder, 'src');
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || /\.test\b|\btest-/.test(file)) continue;
    const text = readFileSync(join(sources, file), 'utf8');
    // Static, for side effects alone, or when it is needed; what stands in a comment begins with " *".
    for (const [, name] of text.matchAll(/^(?! ?\*).*?(?:\bfrom|\bimport\(?) ?'@simvlm\/([\w-]+)/gm))
      if (name !== folder) imports.add(name!);
  }
  return imports;
}

/** What a package imports, without what it reaches through another one that it imports. */
function directImports(folder: string, packages: ReadonlyMap<string, Package>): string[] {
  const own = [...packages.get(folder)!.imports];
  return own.filter(other => !own.some(through => reaches(through, other, packages))).sort();
}

function reaches(from: string, to: string, packages: ReadonlyMap<string, Package>): boolean {
  const { imports } = packages.get(from)!;
  return imports.has(to) || [...imports].some(next => reaches(next, to, packages));
}
