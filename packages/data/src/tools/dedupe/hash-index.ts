import { bitsOf, hashDistance, type PictureHash } from './perceptual-hash';

/** Parts of a hash, of 16 bits each. */
const PARTS = 4;
const VALUES = 2 ** 16;

/** More makes more neighbours of a part than is worth while. */
export const MOST_DISTANCE = 15;

/**
 * Finds hashes that differ in few bits, without comparing with all (multi-index hashing: Norouzi, Punjani and Fleet, 2012). Where two hashes differ in
 * 4a + b bits at most (b < 4), one of the first b + 1 parts differs in a bits at most, or one of the others in a − 1. So only those hashes are looked at
 * that share such a part. 24 bytes for each hash.
 */
export class HashIndex {
  readonly #distance: number;
  /** The changes of each part that are looked for. */
  readonly #changes: readonly (readonly number[])[];
  /** The last hash with each value of each part, −1 for none; the one before it is in `#before`. */
  readonly #last = new Int32Array(PARTS * VALUES).fill(-1);
  #before = new Int32Array(PARTS * 1024);
  #words = new Uint32Array(2 * 1024);
  #count = 0;

  /** @param distance bits in which neighbours differ at most, 0 to 15 */
  constructor(distance: number) {
    this.#distance = distance;
    const all = Array.from({ length: VALUES }, (_, change) => change);
    this.#changes = Array.from({ length: PARTS }, (_, part) => {
      const most = Math.floor(distance / PARTS) - (part <= distance % PARTS ? 0 : 1);
      return all.filter(change => bitsOf(change) <= most);
    });
  }

  /** Adds a hash, and gives its number: 0, 1, … */
  add(hash: PictureHash): number {
    const number = this.#count++;
    if (2 * number === this.#words.length) this.#grow();
    this.#words.set(hash, 2 * number);
    for (let part = 0; part < PARTS; part++) {
      const place = part * VALUES + partOf(hash, part);
      this.#before[PARTS * number + part] = this.#last[place]!;
      this.#last[place] = number;
    }
    return number;
  }

  /** The nearest hash within the distance; of several the first that was added. */
  nearest(hash: PictureHash): { readonly number: number; readonly distance: number } | undefined {
    let [found, distance] = [-1, this.#distance + 1];
    for (let part = 0; part < PARTS; part++) {
      const own = partOf(hash, part);
      for (const change of this.#changes[part]!) {
        let number = this.#last[part * VALUES + (own ^ change)]!;
        for (; number >= 0; number = this.#before[PARTS * number + part]!) {
          const other = hashDistance(hash, [this.#words[2 * number]!, this.#words[2 * number + 1]!]);
          if (other < distance || (other === distance && number < found)) [found, distance] = [number, other];
        }
      }
    }
    return found < 0 ? undefined : { number: found, distance };
  }

  #grow(): void {
    const before = new Int32Array(2 * this.#before.length);
    before.set(this.#before);
    this.#before = before;
    const words = new Uint32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
  }
}

function partOf([high, low]: PictureHash, part: number): number {
  const word = part < 2 ? high : low;
  return part % 2 === 0 ? word >>> 16 : word & 0xffff;
}
