import { join } from 'node:path';
import type { Rule } from './left-out';
import { type IconPackage, readJson } from './packages';

/** What `collections.json` says of a set: https://iconify.design/docs/types/iconify-info.html. */
export interface SetInfo {
  readonly name: string;
  /** Its icons, without those that it has withdrawn. */
  readonly total?: number;
  readonly author: { readonly name: string; readonly url?: string };
  readonly license: { readonly title: string; readonly spdx?: string; readonly url?: string };
  readonly category?: string;
  /** Its icons have colours of their own; the others are drawn in one colour. */
  readonly palette?: boolean;
}

interface Box {
  readonly left?: number;
  readonly top?: number;
  readonly width?: number;
  readonly height?: number;
}

interface Icon extends Box {
  readonly body: string;
  /** Withdrawn: kept for those who use it already. */
  readonly hidden?: boolean;
}

/** The parts of a set's file that are used here: https://iconify.design/docs/types/iconify-json.html. */
export interface IconSet extends Box {
  readonly icons: Readonly<Record<string, Icon>>;
  readonly aliases?: Readonly<
    Record<string, { readonly parent: string; readonly [change: string]: unknown }>
  >;
  readonly categories?: Readonly<Record<string, readonly string[]>>;
  /** Styles by what names begin or end with. */
  readonly prefixes?: Readonly<Record<string, string>>;
  readonly suffixes?: Readonly<Record<string, string>>;
}

/** An icon as its package has it. */
export interface NamedIcon {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly category?: string;
  /** The same for all styles of an icon. */
  readonly stem: string;
  readonly isWithdrawn: boolean;
  svg(): string;
}

/** All sets by their prefix, in the order of the file. */
export function readSets({ folder }: IconPackage): [prefix: string, info: SetInfo][] {
  return Object.entries(readJson<Record<string, SetInfo>>(join(folder, 'collections.json')));
}

export function readSet({ folder }: IconPackage, prefix: string): IconSet {
  return readJson<IconSet>(join(folder, 'json', `${prefix}.json`));
}

const EMOJI_ONE = new Set(['emojione', 'emojione-v1', 'emojione-monotone']);
/** Sets in no category, or in another one. */
const EMOJI = new Set(['fluent-emoji']);
const LOGOS = new Set(['fa-brands', 'fa6-brands', 'fa7-brands']);
const FLAGS = new Set(['cif', 'circle-flags', 'flag', 'flagpack']);

/** Why no icon of a set is taken; undefined for a set that is. */
export function setRule(prefix: string, { category, license }: SetInfo): Rule | undefined {
  if (EMOJI_ONE.has(prefix)) return 'emojiOne';
  if (license.spdx === undefined || /\b(NC|A?GPL)\b/.test(license.spdx)) return 'licence';
  if (category === 'Emoji' || EMOJI.has(prefix)) return 'emoji';
  if (category === 'Logos' || category === 'Programming' || LOGOS.has(prefix)) return 'logos';
  if (FLAGS.has(prefix)) return 'flags';
  return undefined;
}

/** Names by which a set knows an icon besides its own, without those of a turned or mirrored one. */
export function aliasesOf({ aliases = {} }: IconSet): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [name, { parent, ...changes }] of Object.entries(aliases)) {
    if (['rotate', 'hFlip', 'vFlip'].some(change => Object.hasOwn(changes, change))) continue;
    names.set(parent, [...(names.get(parent) ?? []), name]);
  }
  return names;
}

/** The first category of each icon. */
export function categoriesOf({ categories = {} }: IconSet): Map<string, string> {
  const found = new Map<string, string>();
  for (const [category, names] of Object.entries(categories))
    for (const name of names) if (!found.has(name)) found.set(name, category);
  return found;
}

/** An icon as an SVG whose root has a `viewBox` and no size. */
export function svgOf(set: IconSet, icon: Icon): string {
  const { left = set.left ?? 0, top = set.top ?? 0 } = icon;
  const { width = set.width ?? 16, height = set.height ?? 16 } = icon;
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${left} ${top} ${width} ${height}">${icon.body}</svg>`;
}
