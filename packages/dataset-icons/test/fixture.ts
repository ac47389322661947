import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Random } from '@simvlm/core';
import type { IconSet, SetInfo } from '../src/icon-sets';

/** A folder for a test file; `remove` it when it is done. */
export function testFolder() {
  const path = mkdtempSync(join(tmpdir(), 'icons-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface PlantedSet {
  readonly info?: Partial<Omit<SetInfo, 'license'>> & { readonly licence?: string };
  readonly set: Partial<IconSet> & {
    readonly icons: Readonly<Record<string, { body: string; hidden?: boolean }>>;
  };
}

/** A project that has the packages of the icons installed, with these sets alone, and no pictograms but those given. */
export function plantedPackages(
  project: string,
  sets: Readonly<Record<string, PlantedSet>>,
  pictograms: readonly object[] = [],
): string {
  const write = (path: string, content: unknown) => {
    const file = join(project, 'node_modules', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  };
  const collections = Object.entries(sets).map(
    ([prefix, { info: { licence = 'MIT', ...info } = {}, set }]) => [
      prefix,
      {
        name: `The ${prefix}`,
        total: Object.keys(set.icons).length,
        author: { name: 'A. N. Artist', url: 'https://example.org' },
        license: { title: licence, spdx: licence },
        ...info,
      },
    ],
  );
  write('@iconify/json/package.json', { name: '@iconify/json', version: '1.0.0' });
  write('@iconify/json/collections.json', Object.fromEntries(collections));
  for (const [prefix, { set }] of Object.entries(sets))
    write(`@iconify/json/json/${prefix}.json`, { prefix, width: 24, height: 24, ...set });
  write('@carbon/pictograms/package.json', { name: '@carbon/pictograms', version: '1.0.0' });
  write('@carbon/pictograms/metadata.json', { icons: pictograms });
  for (const { name } of pictograms as { name: string }[])
    write(
      `@carbon/pictograms/svg/${name}.svg`,
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${drawing(name)}</svg>`,
    );
  return project;
}

/** Some shape, drawn by its name. */
export function drawing(name: string, colour = 'currentColor'): string {
  const random = Random.fromSeed(1).fork(name);
  const points = Array.from({ length: 9 }, () => `${random.integer(25)},${random.integer(25)}`);
  return `<polygon fill="${colour}" points="${points.join(' ')}"/>`;
}

/** EmojiOne's drawing of an emoji: what must not come up. */
export function emojiOneDrawing(name: string): string {
  const file = createRequire(import.meta.url).resolve('@iconify-json/emojione/icons.json');
  const { icons } = JSON.parse(readFileSync(file, 'utf8')) as IconSet;
  return `<g transform="scale(0.375)">${icons[name]!.body}</g>`;
}
