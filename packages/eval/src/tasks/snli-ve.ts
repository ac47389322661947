import { checkOptions, type JsonValue, rule, type TaskContext, type TaskFactory } from '@simvlm/core';
import type { SimVlm } from '@simvlm/model';
import { classifier } from './classify/classifier';

type Options = Readonly<Record<string, JsonValue>>;

/** SNLI-VE's name of the premise as text. */
const PREMISE = 'sentence1';

/**
 * `snli-ve`: whether a hypothesis, the example's text, follows from a premise, contradicts it or neither. `fields.label` is `entailment`, `neutral` or
 * `contradiction`.
 *
 * Options:
 * - `premise`: `picture` (default), `text`, or `either`: the picture, or the text where there is none. What was trained with `either` on texts alone
 *   answers of pictures, too: the paper's transfer from one to the other
 * - `prefix`: the field with the premise as text, default `sentence1`
 */
export const snliVeTask: TaskFactory = Object.assign(
  (options: Options, context: TaskContext<SimVlm>) => {
    checkOptions('task snli-ve', options, {
      premise: rule.oneOf('picture', 'text', 'either'),
      prefix: rule.string,
    });
    const { premise = 'picture' } = options;
    return classifier(
      {
        where: 'task snli-ve',
        pictures: premise === 'picture' ? 1 : premise === 'text' ? 0 : 'any',
        reads: 'text',
        ...(premise !== 'picture' && { prefix: premiseOf(options) }),
        decides: { labels: ['entailment', 'neutral', 'contradiction'] },
        ...{ evaluators: ['labels'], metric: { name: 'labels/accuracy', better: 'higher' } },
      },
      context,
    );
  },
  {
    pictureless: 'examples',
    fields: (options: Options) =>
      ['text', 'either'].includes(options.premise as string) ? [premiseOf(options)] : [],
  } as const,
);

function premiseOf({ prefix = PREMISE }: Options): string {
  return prefix as string;
}
