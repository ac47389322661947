import type { RgbImage } from '@simvlm/core';
import { imagePixels } from '@simvlm/data';
import { squareImage } from '@simvlm/image';
import { decodable, type SimVlm } from '@simvlm/model';
import { doubtOf, featureRows, modelSquare } from '@simvlm/run';
import type { AnyTokenizer } from '@simvlm/tokenizer';
import type { Caption } from './engine';
import type { LoadedModel } from './model-store';

/** The greedy caption of a picture, with what is known of each of its words. */
export async function captionPicture(
  { model, tokenizer, run, info, doubt }: LoadedModel,
  picture: RgbImage,
  onText: (text: string) => void | Promise<void>,
): Promise<Caption> {
  const start = performance.now();
  const image = imagePixels([squareImage(picture, modelSquare(model.config, run))]);
  const told: (void | Promise<void>)[] = [];
  let soFar = '';
  const [made] = await model.generate({
    images: image,
    onToken(_, tokens) {
      const text = tokenizer.decode(decodable(tokens, model.config));
      // Bytes of a character that is not whole yet, and spaces, change nothing.
      if (text !== soFar) told.push(onText(text));
      soFar = text;
    },
  });
  await Promise.all(told);
  const { tokens, tokenLogProbs, logProb } = made!;
  const features = doubt && featureRows(await model.features(image))[0]!;
  const maps = await mapsOf(model, image, tokens);
  const words = wordsOf(tokens, {
    tokenizer,
    known: model.config.vocabSize - (model.config.tokens.beyond ?? 0),
  }).map(places => ({
    text: tokenizer.decode(places.map(place => tokens[place]!)).trim(),
    logProb: places.reduce((sum, place) => sum + tokenLogProbs[place]!, 0),
    attention: meanRow(maps, places, info.grid.height * info.grid.width),
  }));
  return {
    text: tokenizer.decode(decodable(tokens, model.config)),
    words: words.filter(({ text }) => text !== ''),
    logProb,
    unsure: doubt !== undefined && doubtOf(doubt, features!, logProb).unsure,
    grid: info.grid,
    milliseconds: performance.now() - start,
  };
}

/** Where the model looked at each token; nowhere where there is none, and where the decoder looks at a question instead of the picture. */
async function mapsOf(model: SimVlm, image: Uint8Array, tokens: Int32Array): Promise<Float32Array> {
  const { grid } = model.network;
  if (tokens.length === 0 || model.config.encoder?.kind === 'question')
    return new Float32Array(tokens.length * grid.height * grid.width);
  return (await model.attentionMaps(image, tokens)).maps;
}

/** For each word the places of its tokens; those that the tokenizer does not know, from `known` on, spell none. */
function wordsOf(
  tokens: Int32Array,
  { tokenizer, known }: { tokenizer: AnyTokenizer; known: number },
): number[][] {
  const words: number[][] = [];
  for (const [place, id] of tokens.entries()) {
    if (id >= known) continue;
    if (words.length === 0 || tokenizer.beginsWord(id)) words.push([]);
    words.at(-1)!.push(place);
  }
  return words;
}

/** The mean of some rows of `float32[T, N]`, each of which sums to 1. */
function meanRow(maps: Float32Array, places: readonly number[], N: number): Float32Array {
  const mean = new Float32Array(N);
  for (const place of places) for (let i = 0; i < N; i++) mean[i]! += maps[place * N + i]! / places.length;
  return mean;
}
