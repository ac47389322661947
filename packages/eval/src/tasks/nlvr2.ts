import { checkOptions, type TaskFactory } from '@simvlm/core';
import { classifier } from './classify/classifier';

/** `nlvr2`: whether a sentence, the example's text, is true of two pictures; `fields.label` is `True` or `False`. No options. */
export const nlvr2Task: TaskFactory = (options, context) => {
  checkOptions('task nlvr2', options, {});
  return classifier(
    {
      ...{ where: 'task nlvr2', pictures: 2, reads: 'text', decides: { labels: ['False', 'True'] } },
      ...{ evaluators: ['labels'], metric: { name: 'labels/accuracy', better: 'higher' } },
    },
    context,
  );
};
