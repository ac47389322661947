import { checkOptions, type EvaluationSubject, type Evaluator, rule } from '@simvlm/core';
import { predictCaptions } from '@simvlm/eval';
import type { SimVlm } from '@simvlm/model';
import { colours } from './source';

/** How often a caption names the colour that the truth names. Options: `limit`, at most so many pictures. */
export const colourEvaluator: Evaluator = async (
  { model, tokenizer }: EvaluationSubject<SimVlm>,
  data,
  options,
  { signal } = {},
) => {
  checkOptions('colours', options, { limit: rule.integer(1) });
  const { predictions } = await predictCaptions(model, tokenizer, data, {
    ...options,
    ...(signal && { signal }),
  });
  signal?.throwIfAborted();
  const right = predictions.filter(({ text, truth }) => colourIn(text) === colourIn(truth)).length;
  return { metrics: { accuracy: right / predictions.length, count: predictions.length } };
};

function colourIn(text: string): string | undefined {
  return Object.keys(colours).find(colour => text.split(' ').includes(colour));
}
