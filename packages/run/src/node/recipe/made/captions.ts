import { join } from 'node:path';
import { at, CAPTIONS } from './sentences';
import type { Make } from './source';
import { picture, write } from './write';

const PER_SPLIT = 4;

/** Karpathy's splits: one file for all of them, with five sentences a picture. */
export const karpathy: Make = async ({ path, images = '' }, place) => {
  const splits = ['train', 'restval', 'val', 'test'];
  const records = splits.flatMap((split, s) =>
    Array.from({ length: PER_SPLIT }, (_, i) => recordOf(split, s * PER_SPLIT + i)),
  );
  for (const [i, { filepath, filename }] of records.entries())
    await write(place(join(images, filepath, filename)), picture(i));
  await write(place(path as string), JSON.stringify({ images: records, dataset: 'coco' }));
};

function recordOf(split: string, imgid: number) {
  const filepath = split === 'train' ? 'train2014' : 'val2014';
  const sentids = Array.from({ length: 5 }, (_, i) => 5 * imgid + i);
  return {
    ...{ filepath, sentids, imgid, split, cocoid: 1000 + imgid },
    filename: `COCO_${filepath}_${String(1000 + imgid).padStart(12, '0')}.jpg`,
    sentences: sentids.map(sentid => {
      const raw = at(CAPTIONS, sentid);
      const tokens = raw.toLowerCase().replace(/[.,]/g, '').split(' ');
      return { tokens, raw, imgid, sentid };
    }),
  };
}

/** COCO's layout, which NoCaps has too: there with ten captions a picture, and its domain. */
export const coco: Make = async ({ path, images = '', format }, place) => {
  const isNocaps = format === 'nocaps';
  const domains = ['in-domain', 'near-domain', 'out-domain'];
  const pictures = Array.from({ length: PER_SPLIT }, (_, id) => ({
    ...{ id, width: 96, height: 64, file_name: `${String(id).padStart(16, '0')}.jpg` },
    ...(isNocaps && { domain: at(domains, id), open_images_id: `${id}` }),
  }));
  const perPicture = isNocaps ? 10 : 5;
  const annotations = Array.from({ length: PER_SPLIT * perPicture }, (_, id) => ({
    ...{ id, image_id: Math.floor(id / perPicture), caption: at(CAPTIONS, id) },
  }));
  for (const { id, file_name } of pictures) await write(place(join(images, file_name)), picture(id));
  await write(place(path as string), JSON.stringify({ images: pictures, annotations }));
};
