/** The pictures of the benchmark, in a folder and in shards. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random, type RgbImage } from '@simvlm/core';
import { openSource } from '@simvlm/data';
import { convertToShards, placeAt } from '@simvlm/data/node';
import { resize } from '@simvlm/image';
import sharp from 'sharp';

export const [WIDTH, HEIGHT] = [640, 480];
const A_SHARD = 250;

/** Noise of five sizes, as coarse and as fine as a photograph: its pixels, and its share of a picture. */
const SCALES = [160, 40, 10, 3, 1];
const SHARES = [0.44, 0.22, 0.13, 0.11, 0.1] as const;

type Pixels = RgbImage['data'];
type Places = [number, number, number, number, number];

/**
 * `folder` with `count` JPEGs of quality 90, about 100 kB each, and `captions.jsonl`; `shards` with the same as tar files. The same seed, the same
 * bytes.
 */
export async function writePictures(folder: string, shards: string, count: number): Promise<void> {
  mkdirSync(folder);
  const random = Random.fromSeed(21);
  const textures = SCALES.map(scale => texture(scale, random.fork(`texture ${scale}`)));
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const { width, height, data } = blend(textures, random.fork(i));
    const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 90 })
      .toBuffer();
    writeFileSync(join(folder, `${i}.jpg`), jpeg);
    lines.push(JSON.stringify({ image: `${i}.jpg`, text: `picture ${i} of ${count}` }));
  }
  writeFileSync(join(folder, 'captions.jsonl'), `${lines.join('\n')}\n`);
  const source = await openSource(await placeAt([folder]));
  const settings = { source: 'pictures of the benchmark' };
  await convertToShards(source.read(), { folder: shards, settings, limit: { samples: A_SHARD } });
}

/** Smooth noise, twice as large as a picture, so that each picture has a part of its own. */
function texture(scale: number, random: Random): RgbImage {
  const [width, height] = [Math.ceil((2 * WIDTH) / scale), Math.ceil((2 * HEIGHT) / scale)];
  const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
  return resize({ width, height, data }, { width: 2 * WIDTH, height: 2 * HEIGHT });
}

function blend(textures: readonly RgbImage[], random: Random): RgbImage {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  const starts = textures.map(() => [random.integer(WIDTH + 1), random.integer(HEIGHT + 1)] as const);
  const [a, b, c, d, e] = textures.map(texture => texture.data) as [Pixels, Pixels, Pixels, Pixels, Pixels];
  for (let y = 0, to = 0; y < HEIGHT; y++) {
    const [i, j, k, l, m] = starts.map(([left, top]) => ((top + y) * 2 * WIDTH + left) * 3) as Places;
    for (let x = 0; x < WIDTH * 3; x++)
      data[to++] =
        SHARES[0] * a[i + x]! +
        SHARES[1] * b[j + x]! +
        SHARES[2] * c[k + x]! +
        SHARES[3] * d[l + x]! +
        SHARES[4] * e[m + x]!;
  }
  return { width: WIDTH, height: HEIGHT, data };
}
