import { ImageError, type RgbImage } from '@simvlm/core';
import { type Drawable, decodeImage, drawnImage, type SquareOptions, squareImage } from '@simvlm/image';

/** A picture to caption: pixels, a file, its address, or what a page has decoded. */
export type PictureInput = RgbImage | Blob | URL | string | Drawable;

/** A picture as a model reads it. @throws ImageError for what is no picture, or cannot be read */
export async function squareOf(picture: PictureInput, square: SquareOptions): Promise<RgbImage> {
  return squareImage(await pixelsOf(picture), square);
}

async function pixelsOf(picture: PictureInput): Promise<RgbImage> {
  if (typeof picture === 'string' || picture instanceof URL) return decodeImage(await fetched(picture));
  if (picture instanceof Blob) return decodeImage(new Uint8Array(await picture.arrayBuffer()));
  return 'data' in picture ? picture : drawnImage(picture);
}

async function fetched(address: string | URL): Promise<Uint8Array> {
  const unreadable = (why: string, cause?: unknown) =>
    new ImageError('IMAGE_UNREADABLE', `the picture ${String(address).slice(0, 200)}: ${why}`, { cause });
  let reply: Response;
  try {
    reply = await fetch(address);
    if (reply.ok) return new Uint8Array(await reply.arrayBuffer());
  } catch (error) {
    throw unreadable('it cannot be reached, or its server does not let a page read it (CORS)', error);
  }
  throw unreadable(`the server answers ${reply.status}`);
}
