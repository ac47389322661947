import { ConfigError, DataError, type ExampleOutline, type TaskContext } from '@simvlm/core';
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
  checkLabels(where, labels);
  if (saved && given && JSON.stringify(given) !== JSON.stringify(labels))
    throw new ConfigError(
      'CONFIG_INVALID',
      `${where}: "labels" are not those of the checkpoint: ${labels.join(', ')}`,
    );
  const indices = new Map(labels.map((label, index) => [label, index]));
  return {
    head: { classes: labels.length },
    files: labelFile(labels),
    right(example) {
      const name = labelOf(example);
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
  for await (const example of examples) labels.add(labelOf(example));
  return [...labels].sort();
}

function labelOf({ id, fields }: ExampleOutline): string {
  const label = fields?.label;
  if (typeof label === 'string' && label !== '') return label;
  if (typeof label === 'number' || typeof label === 'boolean') return String(label);
  throw new DataError('DATA_INVALID', `example "${id}" has no "label"`);
}
