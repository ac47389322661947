import fxemojiNames from './fxemoji-names.json';
import { nameMatcher, namesOf } from './icon-names';
import { type EmojiLabel, normalizeHexcode } from './labels';
import { ARTISTS, readPackageJson } from './sources';

interface Icon {
  readonly body: string;
  readonly width?: number;
  readonly height?: number;
  readonly left?: number;
  readonly top?: number;
}

interface Alias {
  readonly parent: string;
  readonly hFlip?: boolean;
}

interface IconSet {
  readonly icons: Readonly<Record<string, Icon>>;
  readonly aliases?: Readonly<Record<string, Alias>>;
  readonly width: number;
  readonly height: number;
}

/**
 * Hexcode → name, for sets that list no hexcodes and whose names say too little to match by. Those of `@iconify-json/fxemoji` are from the
 * names of the drawings in Mozilla's repository (`u1F004-mahjong.svg`, https://github.com/mozilla/fxemoji), those with a label.
 */
const OWN_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '@iconify-json/fxemoji': fxemojiNames,
};

/** A drawing and the emoji that it shows. */
export interface LabelledSvg {
  readonly label: EmojiLabel;
  readonly svg: string;
}

/**
 * The pictures of one Iconify icon set that have a CLDR label, at most one per emoji and one emoji per
 * picture: matched by hexcode where the set lists hexcodes or this package does, else by name.
 */
export function iconifyPictures(packageName: string, labels: readonly EmojiLabel[]): LabelledSvg[] {
  const set = readPackageJson<IconSet>(packageName, 'icons.json');
  const chars = OWN_NAMES[packageName] ?? readPackageJson<Record<string, string>>(packageName, 'chars.json');
  const names = Object.keys(chars).length > 0 ? byHexcode(chars, labels) : byName(set, labels);
  const pictures: LabelledSvg[] = [];
  for (const label of labels) {
    const name = names.get(label.hexcode);
    const icon = name === undefined ? undefined : resolveIcon(set, name);
    if (icon) pictures.push({ label, svg: composeSvg(set, icon.icon, icon.flipped) });
  }
  return pictures;
}

/** hexcode → name of the icon */
function byHexcode(chars: Readonly<Record<string, string>>, labels: readonly EmojiLabel[]) {
  const known = new Set(labels.map(label => label.hexcode));
  const names = new Map<string, string>();
  for (const [hexcode, name] of Object.entries(chars)) {
    const key = normalizeHexcode(hexcode);
    if (known.has(key) && !names.has(key)) names.set(key, name);
  }
  return names;
}

function byName(set: IconSet, labels: readonly EmojiLabel[]): Map<string, string> {
  const knownNames = new Map<string, string>();
  for (const { packageName } of ARTISTS) {
    if (packageName === 'openmoji') continue;
    const chars = readPackageJson<Record<string, string>>(packageName, 'chars.json');
    for (const [name, hexcode] of namesOf(chars)) if (!knownNames.has(name)) knownNames.set(name, hexcode);
  }
  const match = nameMatcher(labels, knownNames);
  const names = new Map<string, string>();
  const used = new Set<string>();
  // A picture's own name comes before its aliases: "person in tuxedo" also answers to "man in tuxedo".
  const candidates: [name: string, icon: string][] = [
    ...Object.keys(set.icons).map((name): [string, string] => [name, name]),
    ...Object.entries(set.aliases ?? {}).map(([name, alias]): [string, string] => [name, alias.parent]),
  ];
  for (const [name, icon] of candidates) {
    // Streamline numbers the ways in which it draws an emoji; the first one is taken.
    const label = match(name) ?? match(name.replace(/-1$/, ''));
    if (!label || used.has(icon) || names.has(label.hexcode)) continue;
    names.set(label.hexcode, icon);
    used.add(icon);
  }
  return names;
}

/** Follows aliases; one that mirrors its parent is a picture of its own. */
function resolveIcon(set: IconSet, name: string): { icon: Icon; flipped: boolean } | undefined {
  let flipped = false;
  for (let at = name; ; ) {
    const icon = set.icons[at];
    if (icon) return { icon, flipped };
    const alias = set.aliases?.[at];
    if (!alias) return undefined;
    if (alias.hFlip) flipped = !flipped;
    at = alias.parent;
  }
}

function composeSvg(set: IconSet, icon: Icon, flipped: boolean): string {
  const { left = 0, top = 0, width = set.width, height = set.height } = icon;
  const body = flipped
    ? `<g transform="translate(${2 * left + width} 0) scale(-1 1)">${icon.body}</g>`
    : icon.body;
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${left} ${top} ${width} ${height}">${body}</svg>`;
}
