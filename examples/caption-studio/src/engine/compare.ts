import type { RgbImage } from '@simvlm/core';
import { imagePixels, textTokens } from '@simvlm/data';
import { squareImage } from '@simvlm/image';
import { decodable } from '@simvlm/model';
import { modelSquare } from '@simvlm/run';
import type { Comparison } from './engine';
import type { LoadedModel } from './model-store';

/** Captions of the model's own that the visitor's are compared with. */
const OWN = 3;

/** How likely each text is for a picture, beside what the model would say itself. */
export async function compareCandidates(
  { model, tokenizer, run }: LoadedModel,
  picture: RgbImage,
  candidates: readonly string[],
): Promise<Comparison> {
  const images = imagePixels([squareImage(picture, modelSquare(model.config, run))]);
  const texts = candidates.map(text => textTokens(text, tokenizer, model.config.maxTextLength));
  const [greedy] = await model.generate({ images, sampler: { kind: 'greedy' } });
  const beams = await model.generate({ images, sampler: { kind: 'beam', beams: OWN }, captions: OWN });
  const own = new Map(
    [greedy!, ...beams].map(({ tokens, logProb, tokenLogProbs }) => [
      tokenizer.decode(decodable(tokens, model.config)),
      { logProb, tokens: tokenLogProbs.length },
    ]),
  );
  const logProbs = texts.length === 0 ? [] : (await model.scoreCandidates({ images }, [texts]))[0]!;
  return {
    own: [...own].slice(0, OWN).map(([text, score]) => ({ text, ...score })),
    candidates: candidates.map((text, i) => ({ text, logProb: logProbs[i]!, tokens: texts[i]!.length })),
  };
}
