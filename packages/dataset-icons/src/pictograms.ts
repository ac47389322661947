import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeText } from '@simvlm/core';
import type { NamedIcon, SetInfo } from './icon-sets';
import { type IconPackage, readJson } from './packages';

/** IBM's pictograms, as `collections.json` of Iconify tells of a set. */
export const pictogramsInfo: SetInfo = {
  name: 'Carbon pictograms',
  author: {
    name: 'IBM',
    url: 'https://github.com/carbon-design-system/carbon/tree/main/packages/pictograms',
  },
  license: {
    title: 'Apache 2.0',
    spdx: 'Apache-2.0',
    url: 'https://github.com/carbon-design-system/carbon/blob/main/LICENSE',
  },
};

/** The parts of `metadata.json` that are used here. */
interface Metadata {
  readonly icons: readonly {
    readonly name: string;
    readonly friendlyName: string;
    readonly aliases?: readonly string[];
    readonly category?: string;
    readonly deprecated?: boolean;
  }[];
}

/** The icons of `@carbon/pictograms`. */
export function pictograms({ folder }: IconPackage): NamedIcon[] {
  const { icons } = readJson<Metadata>(join(folder, 'metadata.json'));
  return icons.map(({ name, friendlyName, aliases = [], category, deprecated = false }) => ({
    // A double hyphen only groups names.
    name: name.replaceAll('--', '-'),
    aliases,
    ...(category !== undefined && { category }),
    stem: friendlyName,
    isWithdrawn: deprecated,
    svg() {
      const file = join(folder, 'svg', `${name}.svg`);
      return decodeText(readFileSync(file), file);
    },
  }));
}
