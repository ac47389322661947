import { checkOptions, type Reader, rule, type Sample, SkipLog, type SkipReport } from '@simvlm/core';
import { decodeImage } from '@simvlm/image';
import { inOrder } from '../in-order';
import { HashIndex, MOST_DISTANCE } from './hash-index';
import { type PictureHash, perceptualHash } from './perceptual-hash';

/** A sample one of whose pictures looks like that of another one. */
export interface NearDuplicate {
  readonly key: string;
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
  /** Samples of both sets whose pictures cannot be decoded. */
  readonly undecoded: SkipReport;
}

/** Pictures are decoded with this shorter side: more does not change the hash. */
const SHORT_SIDE = 64;

/**
 * Finds samples whose pictures look like those of earlier ones, by `perceptualHash`. Of pictures that look alike the first is kept. Samples that name the
 * same file, such as questions about one picture, are no duplicates of each other. Memory: 24 bytes for each picture that is kept, and all keys and paths.
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
  const hashed = async function* (source: Reader, set: string) {
    const work = async (sample: Sample) => {
      try {
        return { sample, pictures: await hashesOf(sample) };
      } catch (error) {
        return { sample, error };
      }
    };
    for await (const item of inOrder(source, options.workers ?? 4, work)) {
      if (item.pictures) yield { key: item.sample.key, pictures: item.pictures };
      else skips.add(`${set} ${item.sample.key}`, item.error, item.sample.key);
      options.onProgress?.(++count);
    }
  };
  if (against) for await (const { key, pictures } of hashed(against, 'against')) finder.learn(key, pictures);
  let samples = 0;
  for await (const { key, pictures } of hashed(reader, 'set')) {
    samples++;
    const duplicate = finder.look(key, pictures);
    if (duplicate) onDuplicate(duplicate);
  }
  return { samples, undecoded: skips.report() };
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

type Match = Omit<NearDuplicate, 'key'>;

class Finder {
  readonly #index: HashIndex;
  /** The sample of each hash in the index. */
  readonly #keys: string[] = [];
  /** How many of them are of `against`, which come first. */
  #foreign = 0;
  /** What was found of a file; undefined: it is kept. */
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

  look(key: string, pictures: readonly HashedPicture[]): NearDuplicate | undefined {
    const matches = pictures.map(picture => this.#match(picture));
    for (const [i, { path, hash }] of pictures.entries()) {
      if (this.#files.has(path)) continue;
      this.#files.set(path, matches[i]);
      if (!matches[i]) this.#add(key, hash);
    }
    const match = matches.find(each => each !== undefined);
    return match && { key, ...match };
  }

  #match({ path, hash }: HashedPicture): Match | undefined {
    if (this.#files.has(path)) return this.#files.get(path);
    const found = this.#index.nearest(hash);
    if (!found) return undefined;
    const { number, distance } = found;
    return { of: this.#keys[number]!, distance, ...(number < this.#foreign && { against: true }) };
  }

  #add(key: string, hash: PictureHash): void {
    this.#index.add(hash);
    this.#keys.push(key);
  }
}
