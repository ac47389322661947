import { checkOptions, rule, type TaskFactory } from '@simvlm/core';
import { classifier } from './classify/classifier';

/** How many of VQAv2's answers the paper tells apart. */
const ANSWERS = 3129;

/**
 * `vqa`: a question on a picture is answered by one of the most frequent answers. The decoder reads `fields.question`; `fields.answer` has the answers
 * of people, ten in VQAv2. Options: `vocabulary`, answers at most, default 3,129.
 */
export const vqaTask: TaskFactory = (options, context) => {
  checkOptions('task vqa', options, { vocabulary: rule.integer(2, 10_000_000) });
  const vocabulary = (options.vocabulary as number | undefined) ?? ANSWERS;
  return classifier(
    {
      ...{ where: 'task vqa', pictures: 1, reads: 'question', decides: { vocabulary } },
      ...{ evaluators: ['vqa'], metric: { name: 'vqa/accuracy', better: 'higher' } },
    },
    context,
  );
};
