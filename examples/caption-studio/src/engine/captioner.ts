import type { RgbImage } from '@simvlm/core';
import { imagePixels, textTokens } from '@simvlm/data';
import { squareImage } from '@simvlm/image';
import { modelSquare } from '@simvlm/run';
import type { AnyTokenizer } from '@simvlm/tokenizer';
import type { CandidateScore, Caption } from './engine';
import type { LoadedModel } from './model-store';

/** The greedy caption of a picture, with what is known of each of its words. */
export async function captionPicture(
  { model, tokenizer, run, info }: LoadedModel,
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
      const text = tokenizer.decode(tokens);
      // Bytes of a character that is not whole yet, and spaces, change nothing.
      if (text !== soFar) told.push(onText(text));
      soFar = text;
    },
  });
  await Promise.all(told);
  const { tokens, tokenLogProbs, logProb } = made!;
  // Of an empty caption there is nothing to look at.
  const maps = tokens.length === 0 ? new Float32Array(0) : (await model.attentionMaps(image, tokens)).maps;
  const words = wordsOf(tokens, tokenizer).map(places => ({
    text: tokenizer.decode(places.map(place => tokens[place]!)).trim(),
    logProb: places.reduce((sum, place) => sum + tokenLogProbs[place]!, 0),
    attention: meanRow(maps, places, maps.length / tokens.length),
  }));
  return {
    text: tokenizer.decode(tokens),
    words: words.filter(({ text }) => text !== ''),
    logProb,
    grid: info.grid,
    milliseconds: performance.now() - start,
  };
}

/** For each word the places of its tokens. */
function wordsOf(tokens: Int32Array, tokenizer: AnyTokenizer): number[][] {
  const words: number[][] = [];
  for (const [place, id] of tokens.entries()) {
    if (place === 0 || tokenizer.beginsWord(id)) words.push([]);
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

/** How likely each text is for a picture, and its share among them. */
export async function compareCandidates(
  { model, tokenizer, run }: LoadedModel,
  picture: RgbImage,
  candidates: readonly string[],
): Promise<CandidateScore[]> {
  const images = imagePixels([squareImage(picture, modelSquare(model.config, run))]);
  const texts = candidates.map(text => textTokens(text, tokenizer, model.config.maxTextLength));
  const logProbs = texts.length === 0 ? [] : (await model.scoreCandidates(images, [texts]))[0]!;
  const highest = Math.max(...logProbs);
  const total = logProbs.reduce((sum, logProb) => sum + Math.exp(logProb - highest), 0);
  return candidates.map((text, i) => ({
    text,
    logProb: logProbs[i]!,
    share: Math.exp(logProbs[i]! - highest) / total,
  }));
}
