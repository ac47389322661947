import { ConfigError, checkOptions, type EvaluationSubject, type Plugin, rule } from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import { answerMetrics } from './answers';
import { captionMetrics, checkReferences, cocoMetrics, predictCaptions } from './captions';
import { captionChoice } from './choice';
import { answerTask } from './tasks/answer';
import { classifyTask } from './tasks/classify';
import { pretrainTask } from './tasks/pretrain';

const limits = { limit: rule.integer(1), batchSize: rule.integer(1) };

/**
 * The tasks `pretrain`, `classify` and `answer`, and the evaluators `caption`, `coco`, `choice` and `answers`, as a plug-in. When the signal aborts
 * evaluators reject, and give no part of a result.
 */
export const evalPlugin: Plugin = {
  name: '@simvlm/eval',
  setup(registry) {
    registry.register('task', 'pretrain', pretrainTask);
    registry.register('task', 'classify', classifyTask);
    registry.register('task', 'answer', answerTask);
    for (const [name, metrics] of Object.entries({ caption: captionMetrics, coco: cocoMetrics }))
      registry.register(
        'evaluator',
        name,
        async ({ model, tokenizer }: EvaluationSubject<SimVlm>, data, options, signal) => {
          checkOptions(`evaluator ${name}`, options, { ...limits, prompt: rule.string });
          if (name === 'coco') checkReferences(data, options.limit as number | undefined);
          const found = await predictCaptions(model, tokenizer, data, {
            ...options,
            ...(signal && { signal }),
          });
          signal?.throwIfAborted();
          return metrics(found.predictions);
        },
      );
    registry.register(
      'evaluator',
      'choice',
      async ({ model, tokenizer }: EvaluationSubject<SimVlm>, data, options, signal) => {
        checkOptions('evaluator choice', options, {
          ...limits,
          choices: rule.integer(2),
          seed: rule.integer(0),
        });
        const found = await captionChoice(model, tokenizer, data, { ...options, ...(signal && { signal }) });
        signal?.throwIfAborted();
        return found.metrics;
      },
    );
    registry.register('evaluator', 'answers', async ({ answer }, data, options, signal) => {
      checkOptions('evaluator answers', options, { limit: rule.integer(1) });
      if (!answer)
        throw new ConfigError(
          'CONFIG_INVALID',
          'the evaluator answers needs a task that gives answers, such as classify or answer',
        );
      const { answers } = await answer(data, { ...options, ...(signal && { signal }) });
      signal?.throwIfAborted();
      return answerMetrics(answers);
    });
  },
};
