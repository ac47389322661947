import { checkOptions, type Reader, rule, type Sample, SkipLog, type SkipReport } from '@simvlm/core';
import { decodeImage } from '@simvlm/image';
import { inOrder } from '../in-order';
import { HashIndex, MOST_DISTANCE } from './hash-index';
import { type PictureHash, perceptualHash } from './perceptual-hash';

/** A sample one of whose pictures looks like that of another one. */
export interface NearDuplicate {
  readonly key: string;
  /** Its place in the data: 0, 1, … */
  readonly index: number;
  /** The other sample: an earlier one, or one of `against`. */
  readonly of: string;
  /** Bits in which their hashes differ. */
  readonly distance: number;
  /** The other one is in `against`. */
  readonly against?: true;
}

export interface DuplicateOptions {
  /** Another set, such as a test set, whose pictures must not come up. */
  readonly against?: Reader;
  /** Bits in which hashes of near duplicates differ at most, 0 to 15. Default 4. */
  readonly distance?: number;
  /** Pictures that are decoded at once. Default 4. */
  readonly workers?: number;
  /** Told of each near duplicate, in the order of the data. */
  readonly onDuplicate: (duplicate: NearDuplicate) => void;
  /** Told after each sample how many were looked at, of both sets. */
  readonly onProgress?: (samples: number) => void;
}

export interface DuplicateReport {
  /** Samples whose pictures were compared; without those of `against`. */
  readonly samples: number;
  /** Keys that several samples have: of these, only `index` tells which is the duplicate. */
  readonly repeatedKeys: ReadonlySet<string>;
  /** Samples of both sets whose pictures cannot be decoded. */
  readonly undecoded: SkipReport;
}

/** Pictures are decoded with this shorter side: more does not change the hash. */
const SHORT_SIDE = 64;

/**
 * Finds samples whose pictures look like those of earlier ones, by `perceptualHash`. Of pictures that look alike the first is kept. Samples with the same
 * file, such as questions about one picture, are no duplicates of each other: path and hash are the same. Memory: 24 bytes for each picture that is kept,
 * and all keys and paths.
 *
 * @throws DataError for a damaged source; ConfigError for a distance that is none
 */
export async function findNearDuplicates(
  reader: Reader,
  options: DuplicateOptions,
): Promise<DuplicateReport> {
  const { against, distance = 4, onDuplicate } = options;
  checkOptions('findNearDuplicates', { distance }, { distance: rule.integer(0, MOST_DISTANCE) });
  const finder = new Finder(distance);
  const skips = new SkipLog();
  let count = 0;
  const keys = new Set<string>();
  const repeatedKeys = new Set<string>();
  const hashed = async function* (source: Reader, set: string) {
    const work = async (sample: Sample) => {
      try {
        return { sample, pictures: await hashesOf(sample) };
      } catch (error) {
        return { sample, error };
      }
    };
    let index = 0;
    for await (const { sample, pictures, error } of inOrder(source, options.workers ?? 4, work)) {
      const { key } = sample;
      if (pictures) yield { key, index, pictures };
      else skips.add(`${set} ${key}`, error, key);
      if (source === reader) (keys.has(key) ? repeatedKeys : keys).add(key);
      index++;
      options.onProgress?.(++count);
    }
  };
  if (against) for await (const { key, pictures } of hashed(against, 'against')) finder.learn(key, pictures);
  let samples = 0;
  for await (const { key, index, pictures } of hashed(reader, 'set')) {
    samples++;
    const match = finder.look(key, pictures);
    if (match) onDuplicate({ key, index, ...match });
  }
  return { samples, repeatedKeys, undecoded: skips.report() };
}

interface HashedPicture {
  readonly path: string;
  readonly hash: PictureHash;
}

/** @throws DataError, ImageError for a picture that cannot be read */
function hashesOf({ images }: Sample): Promise<HashedPicture[]> {
  const stored = images.filter(({ isRemote }) => !isRemote);
  return Promise.all(
    stored.map(async image => ({
      path: image.path,
      hash: perceptualHash(
        image.pixels ?? (await decodeImage(await image.bytes(), { shortSide: SHORT_SIDE })),
      ),
    })),
  );
}

type Match = Omit<NearDuplicate, 'key' | 'index'>;

class Finder {
  readonly #index: HashIndex;
  /** The sample of each hash in the index. */
  readonly #keys: string[] = [];
  /** How many of them are of `against`, which come first. */
  #foreign = 0;
  /** What was found of a file, see `fileOf`; undefined: it is kept. */
  readonly #files = new Map<string, Match | undefined>();

  constructor(distance: number) {
    this.#index = new HashIndex(distance);
  }

  learn(key: string, pictures: readonly HashedPicture[]): void {
    for (const { hash } of pictures) {
      if (this.#index.nearest(hash)?.distance === 0) continue;
      this.#add(key, hash);
      this.#foreign++;
    }
  }

  look(key: string, pictures: readonly HashedPicture[]): Match | undefined {
    const matches = pictures.map(picture => this.#match(picture));
    for (const [i, picture] of pictures.entries()) {
      const file = fileOf(picture);
      if (this.#files.has(file)) continue;
      this.#files.set(file, matches[i]);
      if (!matches[i]) this.#add(key, picture.hash);
    }
    return matches.find(each => each !== undefined);
  }

  #match(picture: HashedPicture): Match | undefined {
    const file = fileOf(picture);
    if (this.#files.has(file)) return this.#files.get(file);
    const found = this.#index.nearest(picture.hash);
    if (!found) return undefined;
    const { number, distance } = found;
    return { of: this.#keys[number]!, distance, ...(number < this.#foreign && { against: true }) };
  }

  #add(key: string, hash: PictureHash): void {
    this.#index.add(hash);
    this.#keys.push(key);
  }
}

/** A path alone does not tell files apart: every shard may have its own `0.jpg`. */
function fileOf({ path, hash }: HashedPicture): string {
  return `${hash.join(' ')} ${path}`;
}
