import type { Picture } from '../../engine/engine';
import { asPixels } from './drawing';
import { engine } from './engine';

/** A picture with what the page needs to show it. */
export interface ShownPicture extends Picture {
  /** An object URL of the file; `release` gives it back. */
  readonly url: string;
  readonly width: number;
  readonly height: number;
}

/** Has the engine check the file before the page decodes it, so that a picture too large is never decoded here; throws its failure. */
export async function openPicture(file: Blob, name: string): Promise<ShownPicture> {
  const pixels = await asPixels(file, name);
  const { width, height } = await engine.inspect(pixels, name);
  return shown({ id: crypto.randomUUID(), name, file: pixels }, width, height);
}

export function shown(picture: Picture, width: number, height: number): ShownPicture {
  return { ...picture, url: URL.createObjectURL(picture.file), width, height };
}

export function release({ url }: ShownPicture): void {
  URL.revokeObjectURL(url);
}

/** What the engine is sent of it. */
export function plain({ id, name, file }: Picture): Picture {
  return { id, name, file };
}
