/**
 * Draws the pictures of this folder: `node docs/pictures/emojione/draw.mjs`. EmojiOne (CC-BY-4.0) is the artist that no model here is
 * trained on; these are the first eight of a random draw from its pictures, made before any model had captioned them.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../../../packages/dataset-emoji/package.json', import.meta.url));
const sharp = require('sharp');
const { icons, width, height } = require('@iconify-json/emojione/icons.json');

const names =
  'person-juggling family-man-woman-boy-boy peanuts yellow-heart pisces pig-face computer-disk telephone-receiver';
for (const name of names.split(' ')) {
  const icon = icons[name];
  if (!icon) throw new Error(`EmojiOne has no picture named ${name}`);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="128" height="128" viewBox="0 0 ${width} ${height}">${icon.body}</svg>`;
  await sharp(Buffer.from(svg))
    .flatten({ background: '#ffffff' })
    .png({ compressionLevel: 9, palette: true })
    .toFile(fileURLToPath(new URL(`${name}.png`, import.meta.url)));
}
