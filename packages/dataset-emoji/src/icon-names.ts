import { type EmojiLabel, normalizeHexcode } from './labels';

/**
 * Names that an icon set kept from an older CLDR, with the emoji that they draw. Left out on purpose: `pistol`
 * (drawn as a real gun, which CLDR no longer names), letters, digits and signs drawn without their key.
 */
const RENAMED: Readonly<Record<string, string>> = {
  'a-button': '1f170',
  'ab-button': '1f18e',
  'b-button': '1f171',
  'blond-haired-person': '1f471',
  'bride-with-veil': '1f470',
  'cat-face-with-tears-of-joy': '1f639',
  'cat-face-with-wry-smile': '1f63c',
  'crying-cat-face': '1f63f',
  'direct-hit': '1f3af',
  'dizzy-face': '1f635',
  'exclamation-mark': '2757',
  'flag-for-black-flag': '1f3f4',
  'flag-for-chequered-flag': '1f3c1',
  'flag-for-cocos-islands': '1f1e8-1f1e8',
  'flag-for-crossed-flags': '1f38c',
  'flag-for-myanmar': '1f1f2-1f1f2',
  'flag-for-rainbow-flag': '1f3f3-200d-1f308',
  'flag-for-triangular-flag': '1f6a9',
  'flag-for-turkey': '1f1f9-1f1f7',
  'flag-for-white-flag': '1f3f3',
  'grinning-cat-face': '1f63a',
  'grinning-cat-face-with-smiling-eyes': '1f638',
  'heavy-heart-exclamation': '2763',
  'kissing-cat-face': '1f63d',
  'man-and-woman-holding-hands': '1f46b',
  'man-in-suit-levitating': '1f574',
  'man-with-chinese-cap': '1f472',
  'o-button': '1f17e',
  'pouting-cat-face': '1f63e',
  'question-mark': '2753',
  'robot-face': '1f916',
  'smiling-cat-face-with-heart-eyes': '1f63b',
  'two-men-holding-hands': '1f46c',
  'two-women-holding-hands': '1f46d',
  'up-text-button': '1f199',
  'weary-cat-face': '1f640',
};

const TONE_SUFFIX = /-(light|medium-light|medium|medium-dark|dark)-skin-tone$/;
const TONES = ['light', 'medium-light', 'medium', 'medium-dark', 'dark'];

/** How icon sets write a label as a name: `flag: Côte d'Ivoire` → `flag-cote-divoire`. */
export function iconName(label: string): string {
  return label
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/&/g, 'and')
    .replace(/['".!,():]/g, '')
    .replace(/[^a-z0-9#*]+/g, '-')
    .replace(/^-|-$/g, '');
}

/**
 * Finds the emoji behind an icon's name, for icon sets that list no hexcodes: the label itself, a name that
 * another set of the same family gives a hexcode, `flag-for-…`, or a name from an older CLDR.
 *
 * @param knownNames name → hexcode from the sets that list them
 */
export function nameMatcher(
  labels: readonly EmojiLabel[],
  knownNames: ReadonlyMap<string, string>,
): (name: string) => EmojiLabel | undefined {
  const byHexcode = new Map(labels.map(label => [label.hexcode, label]));
  const byName = new Map(labels.map(label => [iconName(label.label), label]));
  const byBaseAndTone = new Map(
    labels
      .filter(label => label.tones.length === 1)
      .map(label => [`${label.baseHexcode}+${label.tones[0]}`, label]),
  );
  return name => {
    const direct = byName.get(name) ?? byHexcode.get(knownNames.get(name) ?? '');
    if (direct) return direct;
    const flag = byName.get(name.replace(/^flag-for-(flag-)?/, 'flag-'));
    if (flag) return flag;
    const tone = TONE_SUFFIX.exec(name)?.[1];
    const hexcode = RENAMED[name.replace(TONE_SUFFIX, '')];
    if (hexcode === undefined) return undefined;
    return tone === undefined
      ? byHexcode.get(hexcode)
      : byBaseAndTone.get(`${hexcode}+${TONES.indexOf(tone) + 1}`);
  };
}

/** Name → hexcode from a set's `chars.json`. */
export function namesOf(chars: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(chars).map(([hexcode, name]) => [name, normalizeHexcode(hexcode)]));
}
