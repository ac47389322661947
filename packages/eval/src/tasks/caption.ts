import { checkOptions, type Objective, rule, type TaskContext, type TaskFactory } from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import { promptTokens } from '../captions';
import { pairsTask } from './pretrain';

/**
 * `caption`: captions are learnt and measured behind one prompt, as the paper fine-tunes for COCO with `A picture of`. Options: `prompt` (default:
 * none). The prompt is the text prefix: both ways of attention, no loss. Evaluators and `simvlm caption` begin with it and leave it out of what
 * they compare and print.
 *
 * `objective` of the run is for documents; a source's own takes the place of the prompt.
 */
export const captionTask: TaskFactory = (options, context: TaskContext<SimVlm>) => {
  checkOptions('task caption', options, { prompt: rule.string });
  const { tokenizer, model, objective } = context;
  const prompt = ((options.prompt as string | undefined) ?? '').trim();
  const { maxTextLength } = model.config;
  const begin = promptTokens(prompt, tokenizer, maxTextLength);
  return {
    ...pairsTask({ ...context, objective: behind(begin, maxTextLength, objective) }, prompt),
    evaluators: ['caption', 'coco'],
    prompt,
  };
};

/** A caption's tokens behind those of the prompt; what is too long with it loses its tail, never its end token. */
function behind(prompt: Int32Array, maxTextLength: number, documents: Objective): Objective {
  return (random, example) => {
    const { tokens, hasImage } = example;
    if (!hasImage) return documents(random, example);
    const kept = Math.min(tokens.length, maxTextLength - prompt.length) - 1;
    return {
      tokens: Int32Array.of(...prompt, ...tokens.subarray(0, kept), tokens.at(-1)!),
      prefixLength: prompt.length,
    };
  };
}
