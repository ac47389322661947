/**
 * Draws `samples/`: `npx tsx packages/checkpoint-emoji/scripts/draw-samples.ts`. The pictures are the first ten of the data set's fixed
 * random order of what EmojiOne draws, without skin tones, flags and held-out concepts; no model's captions had a part in the choice.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isCore, prepareEmojiDataset } from '@simvlm/dataset-emoji';
import sharp from 'sharp';

const COUNT = 10;
const folder = new URL('../samples/', import.meta.url);

const { unseenArtist } = await prepareEmojiDataset({ size: 128, limit: 30 });
const chosen = unseenArtist.items
  .map((item, index) => ({ item, index }))
  .filter(({ item }) => isCore(item) && !item.heldOut)
  .slice(0, COUNT);
if (chosen.length < COUNT) throw new Error(`only ${chosen.length} pictures to choose from`);

await mkdir(folder, { recursive: true });
const captions: Record<string, string> = {};
for (const { item, index } of chosen) {
  const name = `${item.label.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}.png`;
  const { image } = await unseenArtist.get(index);
  const { data, width, height } = image!;
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9, palette: true })
    .toFile(fileURLToPath(new URL(name, folder)));
  captions[name] = item.label;
}
await writeFile(new URL('captions.json', folder), `${JSON.stringify(captions, null, 2)}\n`);
console.log(captions);
