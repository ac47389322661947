import { LABELS_PACKAGE, readPackageJson } from './sources';

/** One emoji as CLDR names it in English. */
export interface EmojiLabel {
  /** Code points in lower-case hexadecimal, joined by `-`, without the variation selector FE0F. */
  readonly hexcode: string;
  /** CLDR's short name, such as `woman health worker: dark skin tone` or `flag: France`. */
  readonly label: string;
  /** The hexcode and label of the same emoji without skin tones; its own where it has none. */
  readonly baseHexcode: string;
  readonly baseLabel: string;
  /** Skin tones from 1 (light) to 5 (dark), one per person; empty without. */
  readonly tones: readonly number[];
  /** Unicode's group, such as `people-body` or `flags`. */
  readonly group: string;
  /** Unicode's subgroup, such as `animal-bird`. */
  readonly subgroup: string;
}

interface EmojibaseEntry {
  readonly label: string;
  readonly hexcode: string;
  readonly group?: number;
  readonly subgroup?: number;
  readonly tone?: number | readonly number[];
  readonly skins?: readonly EmojibaseEntry[];
}

/** Hexcodes compare equal with and without FE0F, which only asks for a coloured picture. */
export function normalizeHexcode(hexcode: string): string {
  return hexcode
    .toLowerCase()
    .split('-')
    .filter(point => point !== 'fe0f')
    .join('-');
}

/** Typographic quotation marks become those that people type; case stays as CLDR writes it. */
export function normalizeLabel(label: string): string {
  return label.replace(/[‘’]/g, "'").replace(/[“”]/g, '"');
}

/** The words of a label, in order, in lower case: what counts as a word of a concept. */
export function wordsOf(label: string): string[] {
  return label.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/**
 * Every emoji with its English CLDR label, in the order of emojibase. Regional indicators (letters that spell
 * flags) belong to no group and are left out.
 */
export function readLabels(): EmojiLabel[] {
  const entries = readPackageJson<EmojibaseEntry[]>(LABELS_PACKAGE, 'en/data.json');
  const { groups, subgroups } = readPackageJson<Record<'groups' | 'subgroups', Record<string, string>>>(
    LABELS_PACKAGE,
    'meta/groups.json',
  );
  const labels: EmojiLabel[] = [];
  for (const base of entries) {
    if (base.group === undefined) continue;
    for (const entry of [base, ...(base.skins ?? [])]) {
      const tone = entry.tone ?? [];
      labels.push({
        hexcode: normalizeHexcode(entry.hexcode),
        label: normalizeLabel(entry.label),
        baseHexcode: normalizeHexcode(base.hexcode),
        baseLabel: normalizeLabel(base.label),
        tones: typeof tone === 'number' ? [tone] : [...tone],
        group: groups[String(base.group)] ?? 'unknown',
        subgroup: subgroups[String(base.subgroup)] ?? 'unknown',
      });
    }
  }
  return labels;
}
