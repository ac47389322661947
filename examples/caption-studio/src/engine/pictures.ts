import { ImageError, type RgbImage } from '@simvlm/core';
import { decodeImage, pictureFormat, readImageHeader } from '@simvlm/image';
import { StudioError, studioError, toFailure } from './failures';

/** A larger file is not even read. */
const MAX_BYTES = 100e6;

/** The size of a picture that can be decoded to its end; throws a `StudioError` for what cannot. */
export async function inspectPicture(file: Blob, name: string): Promise<{ width: number; height: number }> {
  const { bytes, width, height } = await read(file, name);
  await decode(bytes, name, 64);
  return { width, height };
}

/**
 * The pixels of a picture, transparency on white.
 *
 * @param shortSide of a larger picture, which is shrunk as it is decoded
 */
export async function decodePicture(file: Blob, name: string, shortSide: number): Promise<RgbImage> {
  return decode((await read(file, name)).bytes, name, shortSide);
}

async function read(file: Blob, name: string) {
  if (file.size > MAX_BYTES)
    throw about(name, new ImageError('IMAGE_TOO_LARGE', `the file has ${Math.round(file.size / 1e6)} MB`));
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    const { width, height } = readImageHeader(bytes);
    return { bytes, width, height };
  } catch (error) {
    if (!(error instanceof ImageError) || error.code !== 'IMAGE_UNREADABLE') throw about(name, error);
    // What begins as a picture is one, if a broken one.
    const format = pictureFormat(bytes);
    if (format !== undefined && format !== 'SVG') throw about(name, error);
    throw studioError(
      'PICTURE_NOT_AN_IMAGE',
      `${name} is not a picture`,
      'Its content decides, whatever its name says. Choose a PNG, JPEG, WebP, GIF, AVIF or SVG file.',
      error,
    );
  }
}

async function decode(bytes: Uint8Array, name: string, shortSide: number): Promise<RgbImage> {
  try {
    return await decodeImage(bytes, { shortSide });
  } catch (error) {
    if (pictureFormat(bytes) === 'HEIC' && error instanceof ImageError && error.code === 'IMAGE_UNREADABLE')
      throw studioError(
        'PICTURE_BROKEN',
        `${name} is a HEIC picture, which this browser cannot read`,
        'Convert it to JPEG, and try again. Safari reads HEIC.',
        error,
      );
    throw about(name, error);
  }
}

/** The failure, with the name of the picture: there may be many. */
function about(name: string, error: unknown): StudioError {
  const failure = toFailure(error);
  return new StudioError({ ...failure, detail: `${name}: ${failure.detail}` }, { cause: error });
}
