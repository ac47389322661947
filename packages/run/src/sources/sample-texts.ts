import type { Sample, SampleImage } from '@simvlm/core';

/** Every text of a sample that a model may read or write: a vocabulary is learnt from them. */
export function textsOf({
  text,
  texts,
  question,
  answers,
  source,
  target,
}: Omit<Sample, 'key' | 'images'>): string[] {
  const captions = texts ?? (text === undefined ? [] : [text]);
  return [...captions, question, ...(answers ?? []), source, target].filter(each => each !== undefined);
}

/** What tells the pictures of a sample from others: several samples may be of one. */
export function picturesOf({ key, images }: Sample): string {
  return images.map(placeOf).join('\n') || key;
}

/** What tells a picture from others: a file, or a place in one. */
export function placeOf({ path, place = path }: SampleImage): string {
  return place;
}
