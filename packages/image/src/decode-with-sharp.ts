import { ImageError, type RgbImage } from '@simvlm/core';
import type { Box } from './crop';
import { checkPixels, isSvg, MAX_PIXELS, shown } from './image-header';
import { opaqueRgb } from './opaque';

export interface DecoderOptions {
  readonly maxPixels: number;
  /** The width to decode a picture of this size at; undefined: its own. */
  readonly shrunkWidth: (size: { width: number; height: number }) => number | undefined;
}

/** The part of sharp that is used here: it is an optional peer. */
interface Sharp {
  (input: Uint8Array, options: object): Sharp;
  default?: Sharp;
  cache(on: boolean): void;
  concurrency(threads: number): void;
  metadata(): Promise<{ format: string; width: number; height: number; orientation?: number }>;
  rotate(): Sharp;
  extract(box: Box): Sharp;
  resize(options: object): Sharp;
  toColourspace(space: string): Sharp;
  raw(): Sharp;
  toBuffer(options: {
    resolveWithObject: true;
  }): Promise<{ data: Uint8Array; info: { width: number; height: number; channels: number } }>;
}

/** Decodes in Node. The size is what the decoder itself reads in the header, so that the limit holds for what it will decode. */
export async function decodeWithSharp(
  bytes: Uint8Array,
  { maxPixels, shrunkWidth }: DecoderOptions,
): Promise<RgbImage> {
  const sharp = await loadSharp();
  // Without a limit: the size belongs in the message.
  const header = await sharp(bytes, { limitInputPixels: false }).metadata();
  // SVG that its first bytes do not show, compressed for example.
  if (header.format === 'svg') throw isSvg();
  const size = shown(header);
  checkPixels(size, maxPixels);
  const width = shrunkWidth(size);
  const upright = openUpright(sharp, bytes, maxPixels);
  return pixelsOf(width === undefined ? upright : upright.resize({ width }));
}

/**
 * A rectangle of an upright JPEG; rows below it are not decoded. Undefined when the decoder refuses the file or sees another picture in it: decoding
 * all of it says why.
 */
export async function decodeJpegBox(bytes: Uint8Array, box: Box): Promise<RgbImage | undefined> {
  const sharp = await loadSharp();
  const image = await pixelsOf(openUpright(sharp, bytes, MAX_PIXELS).extract(box)).catch(() => undefined);
  return image?.width === box.width && image.height === box.height ? image : undefined;
}

function openUpright(sharp: Sharp, bytes: Uint8Array, maxPixels: number): Sharp {
  // "error": what the decoder knows to be damaged is not a picture; what it only warns of is.
  return sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error' }).rotate();
}

async function pixelsOf(picture: Sharp): Promise<RgbImage> {
  const { data, info } = await picture.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: opaqueRgb(data, info.channels) };
}

/**
 * For a process with several workers: each picture is decoded by one thread, and none is remembered. Without sharp there is nothing to do: whoever
 * decodes is told.
 */
export async function shareCoresWithOthers(): Promise<void> {
  const sharp = await loadSharp().catch(() => undefined);
  sharp?.concurrency(1);
  sharp?.cache(false);
}

async function loadSharp(): Promise<Sharp> {
  // A name in a variable: bundlers for browsers must not look for it.
  const name = 'sharp';
  try {
    const module: Sharp = await import(/* @vite-ignore */ name);
    return module.default ?? module;
  } catch (error) {
    throw new ImageError(
      'IMAGE_UNREADABLE',
      'decoding pictures in Node needs the package sharp: npm install sharp',
      { cause: error },
    );
  }
}
