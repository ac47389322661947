import type { AddedToken } from './subword-model';

/** A special token as it is added to a model: found in text, left out by decoding. */
export function controlToken(text: string, id: number): AddedToken {
  return {
    id,
    text,
    special: true,
    singleWord: false,
    stripLeft: false,
    stripRight: false,
    normalized: false,
  };
}
