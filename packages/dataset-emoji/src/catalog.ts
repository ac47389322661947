import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeText } from '@simvlm/core';
import { iconifyPictures } from './iconify';
import { type EmojiLabel, normalizeHexcode, readLabels } from './labels';
import { ARTISTS, type ArtistName, packageFile } from './sources';

/** One picture by one artist, before it is drawn. */
export interface CatalogPicture {
  /** `artist/hexcode`: unique and stable. */
  readonly id: string;
  readonly artist: ArtistName;
  readonly label: EmojiLabel;
  /** The drawing; the root element has a `viewBox` and neither width nor height. */
  svg(): string;
}

/** Every picture of every artist that has a label, by artist, then in the order of the labels; further artists when asked for. */
export function readCatalog(further = false): { labels: EmojiLabel[]; pictures: CatalogPicture[] } {
  const labels = readLabels();
  const pictures: CatalogPicture[] = [];
  for (const { name: artist, packageName, use } of ARTISTS) {
    if (use === 'further' && !further) continue;
    const drawn =
      packageName === 'openmoji'
        ? openmojiPictures(labels)
        : iconifyPictures(packageName, labels).map(({ label, svg }) => ({ label, svg: () => svg }));
    for (const { label, svg } of drawn)
      pictures.push({ id: `${artist}/${label.hexcode}`, artist, label, svg });
  }
  return { labels, pictures };
}

function openmojiPictures(labels: readonly EmojiLabel[]) {
  const folder = packageFile('openmoji', 'color/svg');
  const files = new Map<string, string>();
  for (const file of readdirSync(folder).sort())
    if (file.endsWith('.svg')) files.set(normalizeHexcode(file.slice(0, -4)), join(folder, file));
  return labels.flatMap(label => {
    const file = files.get(label.hexcode);
    return file === undefined ? [] : [{ label, svg: () => decodeText(readFileSync(file), file) }];
  });
}
