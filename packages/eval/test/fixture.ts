import type { Example, RgbImage, Tokenizer } from '@simvlm/core';
import { type CandidatePrefixes, type Continuation, type GenerateRequest, SimVlm } from '@simvlm/model';

/** One token a letter; space is 4, "a" is 5, … */
export const letters: Tokenizer = {
  vocabSize: 32,
  special: { pad: 0, unk: 1, bos: 2, eos: 3 },
  encode: text => Int32Array.from(text, letter => (letter === ' ' ? 4 : letter.charCodeAt(0) - 92)),
  decode: ids =>
    Array.from(ids, id => (id < 4 ? '' : id === 4 ? ' ' : String.fromCharCode(id + 92))).join(''),
};

const SIDE = 2;

/** A picture that says who it is: its first byte is `index`. */
export function picture(index: number, side = SIDE): RgbImage {
  return { width: side, height: side, data: new Uint8Array(side * side * 3).fill(index) };
}

/** Captions of two letters, all different: aa, ab, …, za, … */
export const caption = (index: number) =>
  String.fromCharCode(97 + Math.floor(index / 26)) + String.fromCharCode(97 + (index % 26));

export function pairs(count: number): Example[] {
  return Array.from({ length: count }, (_, i) => ({ id: `pair-${i}`, text: caption(i), image: picture(i) }));
}

/** Which picture a row of pixels is. */
export function indexOf(pixels: Uint8Array, row: number): number {
  return pixels[row * SIDE * SIDE * 3]!;
}

export interface StandIn {
  /** The log probability of a caption for the picture with this index. */
  readonly score?: (index: number, caption: string) => number;
  readonly generate?: (request: GenerateRequest) => Pick<Continuation, 'tokens' | 'logProb' | 'finished'>[];
}

/** What an evaluation asks of a model, without a model: scores and captions that the test decides. */
export function standIn({ score = () => 0, generate = () => [] }: StandIn): SimVlm {
  const model = {
    config: {
      ...{ architecture: 'encoder-decoder', imageSize: SIDE, width: 8, layers: 1, maxTextLength: 16 },
      ...{ vocabSize: letters.vocabSize, tokens: letters.special },
    },
    network: { imageTokens: 4 },
    scoreCandidates: async ({ images }: CandidatePrefixes, candidates: readonly (readonly Int32Array[])[]) =>
      candidates.map((list, row) => list.map(ids => score(indexOf(images!, row), letters.decode(ids)))),
    generate: async (request: GenerateRequest) => generate(request),
  };
  return model as unknown as SimVlm;
}

/** A real model, small enough for plain JavaScript. */
export function tinyModel(): SimVlm {
  return SimVlm.create({
    architecture: 'encoder-decoder',
    imageSize: SIDE,
    width: 8,
    layers: 1,
    heads: 2,
    mlp: 16,
    vocabSize: letters.vocabSize,
    maxTextLength: 8,
    tokens: { pad: 0, bos: 2, eos: 3 },
    patcher: { kind: 'linear', patchSize: 1 },
  });
}
