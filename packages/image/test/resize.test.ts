import { ImageError, type RgbImage } from '@simvlm/core';
import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { crop, resize } from '../src/index';
import { drawn, noise, pixel, plain } from './fixture';

const side = fc.integer({ min: 1, max: 40 });
const mean = ({ data }: RgbImage, channel: number) =>
  data.reduce((sum, value, i) => sum + (i % 3 === channel ? value : 0), 0) / (data.length / 3);

test('a picture of one colour keeps it, whatever the sizes', () => {
  fc.assert(
    fc.property(side, side, side, side, fc.nat(255), (w, h, width, height, value) => {
      const resized = resize(plain(w, h, [value, 255 - value, 255]), { width, height });
      expect(resized).toEqual(plain(width, height, [value, 255 - value, 255]));
    }),
  );
});

test('the same size gives the same pixels, in a copy', () => {
  const image = noise(6, 5);
  const same = resize(image, { width: 6, height: 5 });
  expect(same).toEqual(image);
  expect(same.data).not.toBe(image.data);
});

test('halving keeps the mean of each channel', () => {
  const image = noise(64, 64, 3);
  const half = resize(image, { width: 32, height: 32 });
  for (const channel of [0, 1, 2])
    expect(Math.abs(mean(half, channel) - mean(image, channel))).toBeLessThan(1);
});

test('halving weighs four pixels 1 : 3 : 3 : 1, as a triangle of width two does', () => {
  // One bright column of 8: it is 3/8 of its own pair and 1/8 of the neighbour's.
  const image = drawn(8, 1, x => (x === 3 ? [240, 240, 240] : [0, 0, 0]));
  const { data } = resize(image, { width: 4, height: 1 });
  expect([data[0], data[3], data[6], data[9]]).toEqual([0, 90, 30, 0]);
});

test('doubling interpolates at quarters, and the border pixel stands for what is beyond it', () => {
  const image = drawn(2, 1, x => [x * 100, 0, 0]);
  const { data } = resize(image, { width: 4, height: 1 });
  expect([data[0], data[3], data[6], data[9]]).toEqual([0, 25, 75, 100]);
});

test('rows and columns are treated alike', () => {
  const transpose = (image: RgbImage) => drawn(image.height, image.width, (x, y) => pixel(image, y, x));
  const image = noise(9, 9, 5);
  const a = resize(transpose(image), { width: 5, height: 13 });
  const b = transpose(resize(image, { width: 13, height: 5 }));
  expect(Math.max(...a.data.map((value, i) => Math.abs(value - b.data[i]!)))).toBeLessThanOrEqual(1);
});

test('every input pixel counts: fine stripes become grey, not one of the stripes', () => {
  const stripes = drawn(64, 64, x => (x % 2 ? [255, 255, 255] : [0, 0, 0]));
  const { data } = resize(stripes, { width: 8, height: 8 });
  for (const value of data) expect(Math.abs(value - 127.5)).toBeLessThan(6);
});

test('shrinking agrees with the linear kernel of libvips', async () => {
  const image = drawn(60, 48, (x, y) => [
    128 + 100 * Math.sin(x / 5),
    128 + 100 * Math.cos(y / 7),
    (x * 4 + y) % 256 < 128 ? 30 : 220,
  ]);
  const ours = resize(image, { width: 20, height: 16 });
  const { data } = await sharp(image.data, { raw: { width: 60, height: 48, channels: 3 } })
    .resize(20, 16, { fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const theirs = { width: 20, height: 16, data: new Uint8Array(data) };
  // At the border libvips repeats the last pixel where we, as Pillow, leave out what is beyond it.
  const inside = { left: 1, top: 1, width: 18, height: 14 };
  const [a, b] = [crop(ours, inside).data, crop(theirs, inside).data];
  expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThanOrEqual(1);
});

test('a side that is no number of pixels is refused', () => {
  for (const wrong of [0, -3, 2.5, Number.NaN]) {
    expect(() => resize(noise(4, 4), { width: wrong, height: 4 })).toThrow(ImageError);
    expect(() => resize(noise(4, 4), { width: 4, height: wrong })).toThrow('cannot resize to');
  }
});
