import type { ModelCore } from '../network/contract';
import { beamTexts } from './beam-texts';
import { decodings } from './decoding';
import { type Continuation, type GenerateRequest, planRequest } from './request';
import { sampledTexts } from './sampled-texts';

/**
 * Continues the prefix of every row with a KV cache, until each row has ended on its own. A row's result does not depend on
 * its neighbours. The tensors it makes are gone when it returns.
 *
 * @returns the texts of the rows in order, `captions` a row, one after another (best first where beams made them); a row has fewer only
 *   where beam search found no more different ones
 * @throws ConfigError for an option that is unknown, out of range or at odds with another
 * @throws ShapeError when images, prompts and lengths do not fit one another or the model
 */
export async function generate(model: ModelCore, request: GenerateRequest): Promise<Continuation[]> {
  const plan = planRequest(model.config, request);
  const { sampler } = plan;
  const texts: Continuation[][] = [];
  for (const decoding of decodings(model, plan)) {
    const made =
      sampler.kind === 'beam' ? await beamTexts(decoding, sampler) : await sampledTexts(decoding, sampler);
    for (const [i, { index }] of decoding.rows.entries()) texts[index] = made[i]!;
  }
  return texts.flat();
}
