import { rule } from '@simvlm/core';
import { normalizeHexcode, normalizeLabel } from '../labels';
import { LABELS_PACKAGE, readPackageJson } from '../sources';

/** The languages in which `emojibase-data` has CLDR's names. */
const languages = [
  'bn',
  'da',
  'de',
  'en',
  'en-gb',
  'es',
  'es-mx',
  'et',
  'fi',
  'fr',
  'hi',
  'hu',
  'it',
  'ja',
  'ko',
  'lt',
  'ms',
  'nb',
  'nl',
  'pl',
  'pt',
  'ru',
  'sv',
  'th',
  'uk',
  'vi',
  'zh',
  'zh-hant',
] as const;

export const languageRule = rule.oneOf(...languages);

/** Names by hexcode, of skin tones, too. */
export type Labels = ReadonlyMap<string, string>;

interface Entry {
  readonly label: string;
  readonly hexcode: string;
  readonly skins?: readonly Entry[];
}

/** @throws DataError when emojibase-data is not installed */
export function readForeignLabels(language: string): Labels {
  const entries = readPackageJson<Entry[]>(LABELS_PACKAGE, `${language}/compact.json`);
  return new Map(
    entries
      .flatMap(entry => [entry, ...(entry.skins ?? [])])
      .map(({ hexcode, label }) => [normalizeHexcode(hexcode), normalizeLabel(label)]),
  );
}
