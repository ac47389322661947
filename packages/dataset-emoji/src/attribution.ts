import { DOCUMENTS_PACKAGE, LABELS_PACKAGE, packageInfo } from './sources';

/** One source of the data set: who made it and under which licence. */
export interface Attribution {
  /** What the source is called. */
  readonly name: string;
  readonly use: 'pictures' | 'captions' | 'documents';
  /** The npm package that holds it, and its installed version. */
  readonly packageName: string;
  readonly version: string;
  /** SPDX identifier. */
  readonly licence: string;
  readonly licenceUrl: string;
  /** Copyright holder. */
  readonly holder: string;
  readonly url: string;
}

const APACHE = 'https://www.apache.org/licenses/LICENSE-2.0';

const SOURCES: readonly Omit<Attribution, 'version'>[] = [
  {
    name: 'Noto Emoji',
    use: 'pictures',
    packageName: '@iconify-json/noto',
    licence: 'Apache-2.0',
    licenceUrl: APACHE,
    holder: 'Google Inc',
    url: 'https://github.com/googlefonts/noto-emoji',
  },
  {
    name: 'Noto Emoji (v1)',
    use: 'pictures',
    packageName: '@iconify-json/noto-v1',
    licence: 'Apache-2.0',
    licenceUrl: APACHE,
    holder: 'Google Inc',
    url: 'https://github.com/googlefonts/noto-emoji',
  },
  {
    name: 'Twemoji',
    use: 'pictures',
    packageName: '@iconify-json/twemoji',
    licence: 'CC-BY-4.0',
    licenceUrl: 'https://creativecommons.org/licenses/by/4.0/',
    holder: 'Twitter, Inc and other contributors',
    url: 'https://github.com/jdecked/twemoji',
  },
  {
    name: 'OpenMoji',
    use: 'pictures',
    packageName: 'openmoji',
    licence: 'CC-BY-SA-4.0',
    licenceUrl: 'https://creativecommons.org/licenses/by-sa/4.0/',
    holder: 'Benedikt Groß, Daniel Utz and the OpenMoji contributors',
    url: 'https://openmoji.org',
  },
  {
    name: 'Fluent Emoji (flat)',
    use: 'pictures',
    packageName: '@iconify-json/fluent-emoji-flat',
    licence: 'MIT',
    licenceUrl: 'https://github.com/microsoft/fluentui-emoji/blob/main/LICENSE',
    holder: 'Microsoft Corporation',
    url: 'https://github.com/microsoft/fluentui-emoji',
  },
  {
    name: 'EmojiOne 2.3',
    use: 'pictures',
    packageName: '@iconify-json/emojione',
    licence: 'CC-BY-4.0',
    licenceUrl: 'https://creativecommons.org/licenses/by/4.0/',
    holder: 'Emoji One',
    url: 'https://github.com/EmojiTwo/emojitwo',
  },
  {
    name: 'FxEmojis (Firefox OS)',
    use: 'pictures',
    packageName: '@iconify-json/fxemoji',
    // The licence of the drawings. The icon set around them names that of the code, Apache-2.0.
    licence: 'CC-BY-4.0',
    licenceUrl: 'https://github.com/mozilla/fxemoji/blob/gh-pages/LICENSE.md',
    holder: 'Mozilla Foundation',
    url: 'https://github.com/mozilla/fxemoji',
  },
  {
    name: 'Streamline Emojis',
    use: 'pictures',
    packageName: '@iconify-json/streamline-emojis',
    licence: 'CC-BY-4.0',
    licenceUrl: 'https://creativecommons.org/licenses/by/4.0/',
    holder: 'Streamline',
    url: 'https://github.com/webalys-hq/streamline-vectors',
  },
  {
    name: 'Fluent Emoji (colour)',
    use: 'pictures',
    packageName: '@iconify-json/fluent-emoji',
    licence: 'MIT',
    licenceUrl: 'https://github.com/microsoft/fluentui-emoji/blob/main/LICENSE',
    holder: 'Microsoft Corporation',
    url: 'https://github.com/microsoft/fluentui-emoji',
  },
  {
    name: 'Emojibase (English CLDR names)',
    use: 'captions',
    packageName: LABELS_PACKAGE,
    licence: 'MIT',
    licenceUrl: 'https://github.com/milesj/emojibase/blob/master/LICENSE',
    holder: 'Miles Johnson; names by Unicode, Inc. (Unicode-3.0)',
    url: 'https://emojibase.dev',
  },
  {
    name: 'WordNet 3.1',
    use: 'documents',
    packageName: DOCUMENTS_PACKAGE,
    // The licence of the database. The npm package around it calls itself MIT.
    licence: 'WordNet',
    licenceUrl: 'https://wordnet.princeton.edu/license-and-commercial-use',
    holder: 'Princeton University',
    url: 'https://wordnet.princeton.edu',
  },
];

/** Every source of the data set with its installed version. */
export function readAttribution(): Attribution[] {
  return SOURCES.map(source => ({ ...source, version: packageInfo(source.packageName).version }));
}

/** The credits as text, one line a source, with what was changed; the Creative Commons licences ask for both. */
export function attributionText(sources: readonly Attribution[] = readAttribution()): string {
  const lines = sources.map(
    ({ name, version, packageName, holder, url, licence, licenceUrl }) =>
      `${name} (${packageName} ${version}) by ${holder}, ${url}, licensed under ${licence}, ${licenceUrl}`,
  );
  return [
    ...lines,
    'Changes: the pictures were drawn on white, cropped and scaled; the definitions were cut from their examples.',
  ].join('\n');
}
