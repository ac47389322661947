import { DataError, type RgbImage } from '@simvlm/core';
import { arrayDataset } from '@simvlm/data';
import { predictCaptions } from '@simvlm/eval';
import { decodeImage } from '@simvlm/image';
import type { KnownPicture } from './engine';
import type { LoadedModel } from './model-store';

/** A picture of the page's own, and what it shows. */
export interface Drawing {
  readonly id: string;
  readonly text: string;
  readonly image: RgbImage;
}

/** Pictures by which a model keeps what it knows: see `scripts/draw-rehearsal.ts`. */
export interface Rehearsal {
  /** Gone over again between the lessons. */
  readonly rehearsed: readonly Drawing[];
  /** Never trained on: whether it still knows these is looked at. */
  readonly known: readonly Drawing[];
}

/**
 * @param strip a picture with all of them below each other, each as wide as it is high
 * @throws ImageError, DataError when the files are damaged
 */
export async function openRehearsal(
  strip: Uint8Array,
  captions: { readonly rehearsed: readonly string[]; readonly known: readonly string[] },
): Promise<Rehearsal> {
  const { width: side, height, data } = await decodeImage(strip);
  const texts = [...captions.rehearsed, ...captions.known];
  if (height !== side * texts.length)
    throw new DataError(
      'DATA_INVALID',
      `the rehearsal has ${height / side} pictures and ${texts.length} captions`,
    );
  const bytes = side * side * 3;
  const drawings = texts.map((text, i) => ({
    ...{ id: `rehearsal-${i}`, text },
    image: { width: side, height: side, data: data.subarray(i * bytes, (i + 1) * bytes) },
  }));
  const { length } = captions.rehearsed;
  return { rehearsed: drawings.slice(0, length), known: drawings.slice(length) };
}

/** What a model says of pictures, in their order. */
export async function saidOf(
  { model, tokenizer }: LoadedModel,
  drawings: readonly Drawing[],
): Promise<readonly string[]> {
  if (drawings.length === 0) return [];
  const { predictions } = await predictCaptions(model, tokenizer, arrayDataset(drawings));
  return predictions.map(({ text }) => text);
}

/** A rehearsal whose captions are those that this model is to keep. */
export interface OwnRehearsal extends Rehearsal {
  /** Those captions, rehearsed pictures first: kept with a training, so that it goes on with the same. */
  readonly captions: readonly string[];
}

/**
 * The rehearsal of a model: a model that names half of the known pictures or more keeps their names; any other keeps what it says of them, and
 * those that it says nothing of are left out.
 *
 * @param saved `captions` of a training that goes on
 */
export async function ownRehearsal(
  loaded: LoadedModel,
  { rehearsed, known }: Rehearsal,
  saved?: readonly string[],
): Promise<OwnRehearsal> {
  const all = [...rehearsed, ...known];
  const captions = saved ?? (await captionsToKeep(loaded, rehearsed, known));
  const own = all.map((drawing, i) => ({ ...drawing, text: captions[i]! }));
  const isSaid = ({ text }: Drawing) => text.trim() !== '';
  return {
    captions,
    rehearsed: own.slice(0, rehearsed.length).filter(isSaid),
    known: own.slice(rehearsed.length),
  };
}

async function captionsToKeep(
  loaded: LoadedModel,
  rehearsed: readonly Drawing[],
  known: readonly Drawing[],
): Promise<readonly string[]> {
  const texts = (drawings: readonly Drawing[]) => drawings.map(({ text }) => text);
  const said = await saidOf(loaded, known);
  const right = said.filter((text, i) => text === known[i]!.text).length;
  if (2 * right >= known.length) return [...texts(rehearsed), ...texts(known)];
  return [...(await saidOf(loaded, rehearsed)), ...said];
}

/** What the model says now of the known pictures, beside what it is to say. */
export async function knowledgeOf(
  loaded: LoadedModel,
  { known }: Pick<OwnRehearsal, 'known'>,
): Promise<readonly KnownPicture[]> {
  const said = await saidOf(loaded, known);
  return known.map(({ text: caption }, index) => ({ index, caption, text: said[index]! }));
}
