import { type NormalizerSettings, SPACE } from './vocabulary';

/** Text as the model sees it: normalised, spaces written as U+2581. */
export function normalize(
  text: string,
  { name, addDummyPrefix, removeExtraWhitespaces }: NormalizerSettings,
): string {
  // A lone surrogate is no character; UTF-8 writers replace it in the same way.
  let result = text.replace(/\p{Surrogate}/gu, '\uFFFD');
  if (name === 'nfkc') result = result.normalize('NFKC');
  if (removeExtraWhitespaces) result = result.replace(/ {2,}/g, ' ').replace(/^ | $/g, '');
  if (result === '') return '';
  if (addDummyPrefix) result = ` ${result}`;
  return result.replaceAll(' ', SPACE);
}
