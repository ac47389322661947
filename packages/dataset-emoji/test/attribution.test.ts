import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readAttribution } from '../src/attribution';
import { attributionText } from '../src/index';
import { ARTISTS, DOCUMENTS_PACKAGE, LABELS_PACKAGE, packageInfo, readPackageFile } from '../src/sources';

const attribution = readAttribution();
const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const page = readFileSync(new URL('../ATTRIBUTION.md', import.meta.url), 'utf8');

// WordNet is under its own licence, not that of the package around it; Mozilla's drawings under CC-BY-4.0, its code under Apache-2.0.
const ANOTHER_LICENCE = new Set([DOCUMENTS_PACKAGE, '@iconify-json/fxemoji']);

test('every source is named once', () => {
  const expected = [...ARTISTS.map(({ packageName }) => packageName), LABELS_PACKAGE, DOCUMENTS_PACKAGE];
  expect(attribution.map(({ packageName }) => packageName)).toEqual(expected);
});

test.each(attribution)('$packageName: licence and version are those of the installed package', source => {
  const { license, version } = packageInfo(source.packageName);
  expect(source.version).toBe(version);
  // Pinned, because another version could have other drawings, names or terms.
  expect(own.peerDependencies[source.packageName]).toBe(version);
  if (!ANOTHER_LICENCE.has(source.packageName)) expect(source.licence).toBe(license);
  expect(source.holder).not.toBe('');
  expect(source.url).toMatch(/^https:/);
  expect(source.licenceUrl).toMatch(/^https:/);
});

test('the licence of WordNet is that of the database, not that of the npm package around it', () => {
  expect(attribution.at(-1)?.licence).toBe('WordNet');
  const header = readPackageFile(DOCUMENTS_PACKAGE, 'dict/data.noun').slice(0, 2000);
  expect(header).toContain('WordNet 3.1 Copyright 2011 by Princeton University');
});

test('the text and the published page name every source with version, holder and licence', () => {
  const text = attributionText();
  for (const { packageName, version, holder, licence, licenceUrl, url } of attribution)
    for (const part of [packageName, version, holder, licence, licenceUrl, url]) {
      expect(text).toContain(part);
      expect(page).toContain(part);
    }
  expect(own.files).toContain('ATTRIBUTION.md');
});
