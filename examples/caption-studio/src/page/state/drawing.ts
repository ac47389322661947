import { pictureFormat } from '@simvlm/image';
import type { StudioFailure } from '../../engine/engine';

/** Bytes of an SVG; a larger one could hold up the page, which is what draws it. */
const MAX_BYTES = 5e6;
/** Bytes in which an SVG shows itself. */
const START = 4096;
/** Pixels of the longer side that a drawing gets. */
const SIDE = 768;

/**
 * An SVG drawing as a PNG on white; any other file as it is. The browser draws it as it would an image of a page: scripts in it do not
 * run, and nothing is fetched for it. It is done here, as a worker cannot do it.
 *
 * @throws StudioFailure for a drawing that is too large or broken
 */
export async function asPixels(file: Blob, name: string): Promise<Blob> {
  if (pictureFormat(new Uint8Array(await file.slice(0, START).arrayBuffer())) !== 'SVG') return file;
  if (file.size > MAX_BYTES)
    throw {
      code: 'PICTURE_TOO_LARGE',
      title: `${name} is too large for a drawing`,
      advice: 'An SVG may have 5 MB. Save it as PNG, and use that.',
    } satisfies StudioFailure;
  // Its type decides how the browser reads it, and a file may come without one.
  const url = URL.createObjectURL(new Blob([file], { type: 'image/svg+xml' }));
  try {
    return await drawn(url);
  } catch (error) {
    throw {
      code: 'PICTURE_BROKEN',
      title: `${name} is a drawing that this browser cannot read`,
      advice: 'It is an SVG with a mistake in it. Save it as PNG, and use that.',
      detail: String(error),
    } satisfies StudioFailure;
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function drawn(url: string): Promise<Blob> {
  const image = new Image();
  image.src = url;
  await image.decode();
  // A drawing need not say how large it is.
  const { naturalWidth: width, naturalHeight: height } = image;
  const scale = SIDE / Math.max(width, height, 1);
  const canvas = document.createElement('canvas');
  canvas.width = width > 0 ? Math.max(1, Math.round(width * scale)) : SIDE;
  canvas.height = height > 0 ? Math.max(1, Math.round(height * scale)) : SIDE;
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error('no pixels'))), 'image/png'),
  );
}
