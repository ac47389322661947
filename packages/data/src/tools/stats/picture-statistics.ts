import { decodeImage, readImageHeader } from '@simvlm/image';
import { ContentSet } from './content-set';
import { type Distribution, ValueCounter } from './distribution';
import { Tally } from './tally';

/** Of the stored pictures. */
export interface PictureStatistics {
  readonly count: number;
  /** Files that differ. */
  readonly distinct: number;
  /** In pixels, as shown. */
  readonly width: Distribution;
  readonly height: Distribution;
  /** Size of the files. */
  readonly bytes: Distribution;
  /** Pictures of each format by its usual ending, such as `jpg`. */
  readonly formats: Readonly<Record<string, number>>;
}

/** What is known of a picture once it was looked at. */
export interface PictureLook {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly type: string;
}

/** Looks at the header, or decodes all of it too. @throws ImageError for what cannot be read */
export async function lookAt(bytes: Uint8Array, decodes: boolean): Promise<PictureLook> {
  const header = readImageHeader(bytes);
  if (decodes) await decodeImage(bytes);
  return { bytes, ...header };
}

/** Pictures as they come. */
export class PictureCounter {
  readonly #contents = new ContentSet();
  readonly #width = new ValueCounter();
  readonly #height = new ValueCounter();
  readonly #bytes = new ValueCounter();
  readonly #formats = new Tally();

  add({ bytes, width, height, type }: PictureLook): void {
    this.#contents.add(bytes);
    this.#width.add(width);
    this.#height.add(height);
    this.#bytes.add(bytes.length);
    this.#formats.add(type);
  }

  /** Undefined where there was none. */
  statistics(): PictureStatistics | undefined {
    const [width, height, bytes] = [this.#width, this.#height, this.#bytes].map(each => each.distribution());
    if (!width || !height || !bytes) return undefined;
    return {
      count: this.#contents.count,
      distinct: this.#contents.distinct(),
      width,
      height,
      bytes,
      formats: Object.fromEntries(this.#formats.byCount()),
    };
  }
}
