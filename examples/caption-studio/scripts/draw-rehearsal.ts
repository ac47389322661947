/**
 * Draws `rehearsal/`: `pnpm --filter caption-studio rehearsal`. What the shipped model knows,
 * for when it is taught something else: pictures that it was trained on, to go over again, and pictures by the artist that it has never seen,
 * which it names rightly, to see whether it still does. `pictures.webp` has them below each other, `captions.json` says what they show.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { checkpointFolder } from '@simvlm/checkpoint-emoji';
import { type Example, Random } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import { type EmojiSplit, isCore, prepareEmojiDataset } from '@simvlm/dataset-emoji';
import { predictCaptions } from '@simvlm/eval';
import { openCaptioner } from '@simvlm/run';
import { pickBackend } from '@simvlm/runtime';
import sharp from 'sharp';

/** Twice the model's side, as lessons are kept. */
const SIZE = 96;
const REHEARSED = 40;
const KNOWN = 25;
/** Looked at for those that are known: more than half are. */
const LOOKED_AT = 100;

/** The first of a fixed random order, each thing once; skin tones, flags and held-out concepts aside. */
async function some(split: EmojiSplit, count: number): Promise<Example[]> {
  const labels = new Set<string>();
  const chosen: Example[] = [];
  for (const place of Random.fromSeed(1).fork('rehearsal').permutation(split.length)) {
    const item = split.items[place]!;
    if (!isCore(item) || item.heldOut || labels.has(item.label)) continue;
    labels.add(item.label);
    chosen.push(await split.get(place));
    if (chosen.length === count) return chosen;
  }
  throw new Error(`only ${chosen.length} pictures to choose from`);
}

await pickBackend({ prefer: 'wasm' });
const emoji = await prepareEmojiDataset({ size: SIZE });
const { model, tokenizer } = await openCaptioner(await openCheckpoint(fileURLToPath(checkpointFolder)));
const looked = await some(emoji.unseenArtist, LOOKED_AT);
const { predictions } = await predictCaptions(model, tokenizer, arrayDataset(looked));
const known = looked.filter((_, i) => predictions[i]!.text === predictions[i]!.truth).slice(0, KNOWN);
if (known.length < KNOWN) throw new Error(`only ${known.length} of ${LOOKED_AT} are known`);
const rehearsed = await some(emoji.train, REHEARSED);

const pictures = [...rehearsed, ...known];
const pixels = Buffer.concat(pictures.map(({ image }) => image!.data));
const folder = new URL('../rehearsal/', import.meta.url);
await mkdir(folder, { recursive: true });
const { size } = await sharp(pixels, {
  raw: { width: SIZE, height: SIZE * pictures.length, channels: 3 },
})
  .webp({ lossless: true, effort: 6 })
  .toFile(fileURLToPath(new URL('pictures.webp', folder)));
const captions = {
  rehearsed: rehearsed.map(({ text }) => text),
  known: known.map(({ text }) => text),
};
await writeFile(new URL('captions.json', folder), `${JSON.stringify(captions, null, 2)}\n`);
console.log(`${pictures.length} pictures, ${size} bytes`);
process.exit(0);
