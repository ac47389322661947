import { createHash } from 'node:crypto';
import { hashText, Random } from '@simvlm/core';
import { captionsOf, unstyled } from './captions';
import {
  aliasesOf,
  categoriesOf,
  type NamedIcon,
  readSet,
  readSets,
  type SetInfo,
  setRule,
  svgOf,
} from './icon-sets';
import { type Counts, countUp } from './left-out';
import type { IconPackage } from './packages';
import { pictograms, pictogramsInfo } from './pictograms';

/** An icon that is to be drawn. */
export interface Candidate {
  /** `set/name`: unique and stable. */
  readonly key: string;
  readonly set: string;
  readonly captions: readonly string[];
  readonly licence: string;
  readonly coloured: boolean;
  /** UTF-8: a hundred megabytes of text that the garbage collector need not look at. */
  readonly svg: Uint8Array;
}

/** The icons that are left when names, captions and licences have been looked at. */
export interface Catalog {
  /** Coloured ones first, each kind in a random order that is always the same: what comes first is a fair draw of all. */
  readonly candidates: readonly Candidate[];
  /** Icons in the packages. */
  readonly found: number;
  readonly leftOut: Counts;
  /** The sets of the candidates, by prefix. */
  readonly sets: ReadonlyMap<string, SetInfo>;
}

export interface CatalogOptions {
  readonly iconify: IconPackage;
  readonly pictograms: IconPackage;
  /** Whether names and captions of an icon say what is tested on. */
  readonly isHeldOut: (texts: readonly string[]) => boolean;
}

/** Fixed, so that every copy of the same packages gives the same shards. */
const random = Random.fromSeed(210_810_904).fork('icons');

/**
 * Reads all icons of the packages, and leaves out by `RULES` what names, captions and licences tell.
 *
 * @throws DataError for a package that is damaged
 */
export function readCatalog(options: CatalogOptions): Catalog {
  const drawn = new Set<string>();
  const sets = new Map<string, SetInfo>();
  const kept: Candidate[] = [];
  const leftOut: Counts = {};
  let found = 0;
  for (const { prefix, info, read } of setsOf(options)) {
    const rule = setRule(prefix, info);
    if (rule) {
      // Some of these files are large: they are not read. `total` is without what the set has withdrawn.
      const total = info.total ?? 0;
      found += total;
      countUp(leftOut, rule, total);
      continue;
    }
    const icons = read();
    found += icons.length;
    for (const [icon, captions] of chosenOf(prefix, icons, options.isHeldOut, leftOut)) {
      const svg = Buffer.from(icon.svg());
      const drawing = createHash('sha1').update(svg).digest('base64');
      if (drawn.has(drawing)) {
        countUp(leftOut, 'sameDrawing');
        continue;
      }
      drawn.add(drawing);
      sets.set(prefix, info);
      const { spdx, title } = info.license;
      const about = { key: `${prefix}/${icon.name}`, set: prefix, licence: spdx ?? title };
      kept.push({ ...about, captions, coloured: info.palette === true, svg });
    }
  }
  const shuffled = [true, false].flatMap(coloured => {
    const kind = kept.filter(candidate => candidate.coloured === coloured);
    return Array.from(random.fork(`order ${coloured}`).permutation(kind.length), i => kind[i]!);
  });
  return { candidates: shuffled, found, leftOut, sets };
}

/** Every set, and how to read its icons. */
function setsOf({ iconify, pictograms: carbon }: CatalogOptions) {
  return [
    ...readSets(iconify).map(([prefix, info]) => ({ prefix, info, read: () => iconsOf(iconify, prefix) })),
    { prefix: 'carbon-pictograms', info: pictogramsInfo, read: () => pictograms(carbon) },
  ];
}

function iconsOf(iconify: IconPackage, prefix: string): NamedIcon[] {
  const set = readSet(iconify, prefix);
  const aliases = aliasesOf(set);
  const categories = categoriesOf(set);
  return Object.entries(set.icons).map(([name, icon]) => {
    const category = categories.get(name);
    return {
      name,
      aliases: (aliases.get(name) ?? []).map(alias => unstyled(alias, set)),
      ...(category !== undefined && { category }),
      stem: unstyled(name, set),
      isWithdrawn: icon.hidden === true,
      svg: () => svgOf(set, icon),
    };
  });
}

/** One icon for each stem, drawn from its styles, with its captions. */
function chosenOf(
  prefix: string,
  icons: readonly NamedIcon[],
  isHeldOut: CatalogOptions['isHeldOut'],
  leftOut: Counts,
): Iterable<[NamedIcon, string[]]> {
  const chosen = new Map<string, { draw: number; icon: NamedIcon; captions: string[] }>();
  for (const icon of icons) {
    const { name, stem, aliases, category } = icon;
    const captions = captionsOf(stem, aliases, category);
    if (icon.isWithdrawn) countUp(leftOut, 'withdrawn');
    else if (captions.length === 0) countUp(leftOut, 'noWord');
    // Other names too, of which not all become captions.
    else if (isHeldOut([name, ...aliases, ...captions])) countUp(leftOut, 'caption');
    else {
      const draw = hashText(`${prefix}/${name}`);
      const other = chosen.get(stem);
      if (other) countUp(leftOut, 'variant');
      if (!other || draw < other.draw) chosen.set(stem, { draw, icon, captions });
    }
  }
  return Array.from(chosen.values(), ({ icon, captions }) => [icon, captions]);
}
