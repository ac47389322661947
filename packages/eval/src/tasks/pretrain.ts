import { checkOptions, Random, type Task, type TaskContext, type TaskFactory } from '@simvlm/core';
import { createBatchSource, pairBatches, prefetch } from '@simvlm/data';
import { prefixLmLearner, type SimVlm } from '@simvlm/model';
import { predictCaptions } from '../captions';
import { BATCHES_AHEAD, learnerOptions, pairsOf, squared } from './common';

/** Captions have 2 to 20 tokens, 6 on average: batches of two widths are padded a third less. */
const LENGTH_GROUPS = 2;

/**
 * `pretrain`: the prefix-LM loss on pairs and documents, in the configured numbers, prefix and target by the configured objective. Also
 * what fine-tunes for captions.
 */
export const pretrainTask: TaskFactory = (options, context: TaskContext<SimVlm>) => {
  checkOptions('task pretrain', options, {});
  return pairsTask(context);
};

/** The loss on pairs and documents. @param prompt that captions go on from where they are made */
export function pairsTask(context: TaskContext<SimVlm>, prompt = ''): Task {
  const { model, tokenizer, val, documents, batch, objective } = context;
  const rows = { tokenizer, maxTextLength: model.config.maxTextLength, objective };
  return {
    learner: prefixLmLearner(model, learnerOptions(context)),
    batches: prefetch(
      createBatchSource({
        ...rows,
        ...(batch.imageText > 0 && {
          imageText: {
            ...{ stream: pairsOf(context), batchSize: batch.imageText },
            lengthGroups: LENGTH_GROUPS,
          },
        }),
        ...(documents && { textOnly: { stream: documents, batchSize: batch.textOnly } }),
      }),
      BATCHES_AHEAD,
    ),
    ...(val && {
      validation: () =>
        pairBatches({
          ...{ ...rows, dataset: val, batchSize: Math.max(1, batch.imageText) },
          square: image => squared(image, model.config),
          random: Random.fromSeed(context.seed).fork('validation'),
        }),
    }),
    evaluators: ['caption'],
    metric: { name: 'val/loss', better: 'lower' },
    async answer(data, answerOptions = {}) {
      const { predictions, skipped } = await predictCaptions(model, tokenizer, data, {
        ...answerOptions,
        prompt,
      });
      const answers = predictions.map(({ id, text, references: truths }) => ({ id, text, truths }));
      return { answers, skipped };
    },
  };
}
