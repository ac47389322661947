import type { Plugin, Tokenizer } from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import { captionMetrics, predictCaptions } from './captions';
import { captionChoice } from './choice';

/** What an evaluator of ours is called with. */
export interface EvaluationSubject {
  readonly model: SimVlm;
  readonly tokenizer: Tokenizer;
}

/** The evaluators as a plug-in: `caption` and `choice`. */
export const evalPlugin: Plugin = {
  name: '@simvlm/eval',
  setup(registry) {
    registry.register('evaluator', 'caption', async (subject, data) => {
      const { model, tokenizer } = subject as EvaluationSubject;
      return captionMetrics((await predictCaptions(model, tokenizer, data)).predictions);
    });
    registry.register('evaluator', 'choice', async (subject, data) => {
      const { model, tokenizer } = subject as EvaluationSubject;
      return (await captionChoice(model, tokenizer, data)).metrics;
    });
  },
};
