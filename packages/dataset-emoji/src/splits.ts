import { Random } from '@simvlm/core';
import type { CatalogPicture } from './catalog';
import { type Concept, chooseConcepts } from './concepts';
import type { EmojiLabel } from './labels';
import { ARTISTS, type Artist } from './sources';

/** Where a picture belongs. `left-out` is used for nothing: its pixels equal those of a held-out picture. */
export type SplitName =
  | 'train'
  | 'val'
  | 'unseen-artist'
  | 'unseen-composition'
  | 'unseen-concept'
  | 'left-out';

/** Hexcodes that no picture of the training set shows, whoever drew it. */
export interface HeldOut {
  /** Person × skin tones. */
  readonly compositions: ReadonlySet<string>;
  readonly concepts: ReadonlySet<string>;
}

const COMPOSITION_SHARE = 0.1;
const CONCEPTS = 100;
const VAL_SHARE = 0.05;

/** Fixed, so that every copy of this version trains and tests on the same pictures. */
const random = Random.fromSeed(210_810_904);

const artists: ReadonlyMap<string, Artist> = new Map(ARTISTS.map(artist => [artist.name, artist]));

/** Chooses what is held out from everything that the training artists draw; the choice depends on labels alone. */
export function chooseHeldOut(pictures: readonly CatalogPicture[]): HeldOut {
  const concepts = new Map<string, Concept>();
  const compositions = new Set<string>();
  const toned = new Set<string>();
  for (const { artist, label } of pictures) {
    if (artists.get(artist)?.use !== 'train') continue;
    if (label.tones.length > 0) {
      compositions.add(label.hexcode);
      toned.add(label.baseHexcode);
    } else {
      const drawnBy = (concepts.get(label.hexcode)?.artists ?? 0) + 1;
      concepts.set(label.hexcode, { label, artists: drawnBy, hasSkinTones: false });
    }
  }
  const all = [...compositions].sort();
  const chosen = random.fork('compositions').permutation(all.length);
  const candidates = [...concepts.values()]
    .map(concept => ({ ...concept, hasSkinTones: toned.has(concept.label.hexcode) }))
    .sort((a, b) => (a.label.hexcode < b.label.hexcode ? -1 : 1));
  return {
    compositions: new Set(
      Array.from(chosen.subarray(0, Math.round(all.length * COMPOSITION_SHARE)), i => all[i]!),
    ),
    concepts: chooseConcepts(candidates, CONCEPTS, random.fork('concepts')),
  };
}

/** The labels of what is held out, which no text to train on may contain. */
export function heldOutLabels(
  labels: readonly EmojiLabel[],
  { concepts, compositions }: HeldOut,
): readonly string[] {
  return labels
    .filter(({ hexcode }) => concepts.has(hexcode) || compositions.has(hexcode))
    .map(({ label }) => label);
}

/**
 * Gives every picture its split, by these rules in this order:
 *
 * 1. EmojiOne is `unseen-artist`, whatever it shows.
 * 2. Held-out compositions and concepts of the other artists are `unseen-composition` and `unseen-concept`.
 * 3. A picture that equals one of those pixel by pixel is `left-out`: an artist who draws "man astronaut" and
 *    "astronaut" alike would show the held-out picture under the other name.
 * 4. Of the others 5 % are `val`, but neither a picture that equals another one, which could be in `train`, nor the
 *    last one of its label, which would then not be trained.
 * 5. The rest is `train`.
 * 6. Pictures of further artists are `train` too, but for those that show what is held out or equal a picture of
 *    another split, which are `left-out`: they change no other split.
 * 7. So is a drawing in another style (Fluent in colour) where the drawing itself (Fluent, flat) is `val`.
 *
 * @param fingerprints one for each picture, equal where the pixels are
 */
export function assignSplits(
  pictures: readonly CatalogPicture[],
  heldOut: HeldOut,
  fingerprints: readonly string[],
): SplitName[] {
  const isFurther = (index: number) => artists.get(pictures[index]!.artist)?.use === 'further';
  const splits = pictures.map(({ artist, label }, index): SplitName => {
    if (artists.get(artist)?.use === 'test') return 'unseen-artist';
    const composition = heldOut.compositions.has(label.hexcode);
    if (!composition && !heldOut.concepts.has(label.hexcode)) return 'train';
    if (isFurther(index)) return 'left-out';
    return composition ? 'unseen-composition' : 'unseen-concept';
  });
  leaveOutCopies(splits, fingerprints);

  const pool = pictures.flatMap((_, index) =>
    splits[index] === 'train' && !isFurther(index) ? [index] : [],
  );
  const alike = count(pool.map(index => fingerprints[index]!));
  const left = count(pool.map(index => pictures[index]!.label.hexcode));
  let wanted = Math.round(pool.length * VAL_SHARE);
  for (const place of random.fork('val').permutation(pool.length)) {
    if (wanted === 0) break;
    const index = pool[place]!;
    const { hexcode } = pictures[index]!.label;
    if (alike.get(fingerprints[index]!)! > 1 || left.get(hexcode)! < 2) continue;
    left.set(hexcode, left.get(hexcode)! - 1);
    splits[index] = 'val';
    wanted--;
  }
  leaveOutCopies(splits, fingerprints);
  leaveOutVariants(splits, pictures);
  return splits;
}

/** Takes out of `train` what equals a picture of a split to test on. */
function leaveOutCopies(splits: SplitName[], fingerprints: readonly string[]): void {
  const isTested = (split: SplitName) => split !== 'train' && split !== 'left-out';
  const hidden = new Set(fingerprints.filter((_, index) => isTested(splits[index]!)));
  for (const [index, split] of splits.entries())
    if (split === 'train' && hidden.has(fingerprints[index]!)) splits[index] = 'left-out';
}

/** Takes out of `train` what a picture of `val` shows in another style. */
function leaveOutVariants(splits: SplitName[], pictures: readonly CatalogPicture[]): void {
  const tested = new Set(pictures.filter((_, index) => splits[index] === 'val').map(({ id }) => id));
  for (const [index, { artist, label }] of pictures.entries()) {
    const original = artists.get(artist)?.variantOf;
    if (original !== undefined && tested.has(`${original}/${label.hexcode}`)) splits[index] = 'left-out';
  }
}

/** Whether a picture is among this share of all, by a draw of its own. */
export function isInShare(id: string, share: number): boolean {
  return share >= 1 || random.fork('share').fork(id).uniform() < share;
}

/**
 * About `limit` pictures of each artist, in their order: the artist's first ones in a fixed random order of the
 * emoji, so that artists share most of them.
 */
export function limitPictures(pictures: readonly CatalogPicture[], limit: number): CatalogPicture[] {
  const hexcodes = [...new Set(pictures.map(({ label }) => label.hexcode))].sort();
  const rank = new Map<string, number>();
  for (const place of random.fork('limit').permutation(hexcodes.length))
    rank.set(hexcodes[place]!, rank.size);
  const kept = new Set<CatalogPicture>();
  for (const { name } of ARTISTS) {
    const own = pictures.filter(({ artist }) => artist === name);
    own.sort((a, b) => rank.get(a.label.hexcode)! - rank.get(b.label.hexcode)!);
    for (const picture of own.slice(0, limit)) kept.add(picture);
  }
  return pictures.filter(picture => kept.has(picture));
}

function count(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
