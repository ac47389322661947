import { DataError, type ExampleOutline, type TaskContext } from '@simvlm/core';
import { classOf } from '../../features/labelled';
import type { Decision } from './decision';
import { checkLabels, labelFile, savedLabels } from './label-list';

/**
 * One of several labels: that of `fields.label`. A number is the place of a label in the list, unless a label is called so.
 *
 * @param given their names; default: those of the checkpoint, else those of the training data, sorted
 */
export async function labelDecision(
  where: string,
  context: TaskContext,
  given: readonly string[] | undefined,
): Promise<Decision> {
  const saved = await savedLabels(context);
  const labels = saved ?? given ?? (await labelsIn(context.outlines()));
  checkLabels(where, labels, saved && given);
  const indices = new Map(labels.map((label, index) => [label, index]));
  return {
    head: { classes: labels.length },
    files: labelFile(labels),
    right(example) {
      const name = classOf(example, 'label');
      const index =
        indices.get(name) ?? (typeof example.fields?.label === 'number' ? Number(name) : undefined);
      const label = index === undefined ? undefined : labels[index];
      if (label === undefined)
        throw new DataError(
          'DATA_INVALID',
          `example "${example.id}" has the label "${name}", which is none of the ${labels.length}`,
        );
      return { outputs: [index!], truths: [label] };
    },
    text: prediction => labels[prediction]!,
    evaluators: ['answers'],
    metric: { name: 'answers/accuracy', better: 'higher' },
  };
}

/** All labels of examples in the order of their characters. */
async function labelsIn(examples: AsyncIterable<ExampleOutline>): Promise<readonly string[]> {
  const labels = new Set<string>();
  for await (const example of examples) labels.add(classOf(example, 'label'));
  return [...labels].sort();
}
