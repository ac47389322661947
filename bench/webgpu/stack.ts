/**
 * A transformer stack alone, for comparison with libraries that have no SimVLM: the language model of `bench/small-lm`, of 8 blocks as wide
 * as SimVLM's here.
 */
import { batch, type Runner, type Size } from '../small-lm/setup';
import type { Observed } from './observe';
import type { Request, Training } from './protocol';
import { measureSteps } from './steps';

/** A small vocabulary: what is compared is the blocks. */
export function stackSize(rows: number): Size {
  return { layers: 8, width: 256, heads: 4, mlp: 1024, vocab: 512, rows, tokens: 32 };
}

/** Answers requests for training with the steps of a library. */
export function trained(
  observed: Observed,
  size: Size,
  runner: Runner,
): (request: Request) => Promise<Training> {
  return async request => {
    if (!('train' in request)) throw new Error(`the stack is not asked for ${Object.keys(request)}`);
    return measureSteps(
      observed,
      request.train,
      i => batch(size, i),
      given => runner.step(given),
    );
  };
}
