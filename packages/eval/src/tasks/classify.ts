import {
  ConfigError,
  checkOptions,
  DataError,
  type Example,
  type ExampleOutline,
  type JsonValue,
  parseJson,
  type RgbImage,
  rule,
  type TaskContext,
  type TaskFactory,
} from '@simvlm/core';
import { collate, type Row, textTokens } from '@simvlm/data';
import { type ClassifierBatch, ClassifierHead, classifierLearner, type SimVlm } from '@simvlm/model';
import { answerer, learnerOptions, pictureBatchSources, picturesOf } from './common';

/** The file of a checkpoint with the names of the labels, in the order of the head's outputs. */
const LABELS = 'labels.json';

interface LabelledRow extends Row {
  readonly label: number;
  /** As many as the task reads. */
  readonly images: readonly RgbImage[];
}

/**
 * `classify`: a linear head on the decoder's output that tells labels apart, which examples have in `fields.label`.
 *
 * Options: `labels`, their names (default: those of the training data, sorted); `reads`, the field whose text the decoder reads beside the
 * picture, such as `question`, or `text` for the example's text (default: none, as a caption could give the label away); `pictures`, how many
 * an example has (default 1): each passes through the model with the text, and the head reads all outputs, as the paper does for NLVR2.
 */
export const classifyTask: TaskFactory = async (options, context: TaskContext<SimVlm>) => {
  checkOptions('task classify', options, {
    labels: rule.strings,
    reads: rule.string,
    pictures: rule.integer(1, 8),
  });
  const pictures = (options.pictures as number | undefined) ?? 1;
  const { model, tokenizer, seed } = context;
  const labels = await labelsOf(context, options.labels as readonly string[] | undefined);
  const head = new ClassifierHead(model, { classes: labels.length, passes: pictures, seed });
  const learner = classifierLearner(head, learnerOptions(context));
  const { pad, eos } = tokenizer.special;
  const indices = new Map(labels.map((label, index) => [label, index]));

  const row = (example: Example): LabelledRow => {
    const name = labelOf(example);
    const label = indices.get(name);
    if (label === undefined)
      throw new DataError(
        'DATA_INVALID',
        `example "${example.id}" has the label "${name}", which is none of the ${labels.length}`,
      );
    const text = options.reads === undefined ? undefined : fieldText(example, options.reads as string);
    const tokens =
      text === undefined ? Int32Array.of(eos) : textTokens(text, tokenizer, model.config.maxTextLength);
    return {
      id: example.id,
      tokens,
      prefixLength: 0,
      images: picturesOf(example, pictures, model.config),
      label,
    };
  };
  const batch = (rows: readonly LabelledRow[]): ClassifierBatch => ({
    passes: Array.from({ length: pictures }, (_, pass) =>
      collate(
        rows.map(row => ({ ...row, image: row.images[pass]! })),
        { pad },
      ),
    ),
    labels: Int32Array.from(rows, ({ label }) => label),
  });

  return {
    learner: {
      ...learner,
      files: () => new Map([...learner.files!(), [LABELS, new TextEncoder().encode(JSON.stringify(labels))]]),
    },
    ...pictureBatchSources('classify', context, { row, batch }),
    evaluators: ['answers'],
    metric: { name: 'answers/accuracy', better: 'higher' },
    answer: answerer(row, async rows => {
      const classes = await head.predict(batch(rows).passes);
      return rows.map(({ id, label }, i) => ({ id, text: labels[classes[i]!]!, truths: [labels[label]!] }));
    }),
    dispose: () => head.dispose(),
  };
};

/** The names of the labels: those of a checkpoint, else those of the options, else those of the training data. */
async function labelsOf(
  { savedFile, outlines }: TaskContext,
  given?: readonly string[],
): Promise<readonly string[]> {
  const saved = await savedFile?.(LABELS);
  const labels = saved ? savedLabels(saved) : (given ?? (await labelsIn(outlines())));
  if (new Set(labels).size !== labels.length || labels.length < 2)
    throw new ConfigError(
      'CONFIG_INVALID',
      `task classify: there must be two different labels or more, got ${labels.join(', ') || 'none'}`,
    );
  if (saved && given && JSON.stringify(given) !== JSON.stringify(labels))
    throw new ConfigError(
      'CONFIG_INVALID',
      `task classify: "labels" are not those of the checkpoint: ${labels.join(', ')}`,
    );
  return labels;
}

function savedLabels(bytes: Uint8Array): readonly string[] {
  const labels = parseJson(bytes, LABELS);
  if (!rule.strings.accepts(labels))
    throw new DataError('DATA_INVALID', `${LABELS}: must be a list of strings`);
  return labels as string[];
}

/** All labels of examples in the order of their characters. */
async function labelsIn(examples: AsyncIterable<ExampleOutline>): Promise<readonly string[]> {
  const labels = new Set<string>();
  for await (const example of examples) labels.add(labelOf(example));
  return [...labels].sort();
}

function labelOf({ id, fields }: ExampleOutline): string {
  const label: JsonValue | undefined = fields?.label;
  if (typeof label === 'string' && label !== '') return label;
  if (typeof label === 'number' || typeof label === 'boolean') return String(label);
  throw new DataError('DATA_INVALID', `example "${id}" has no "label"`);
}

/** The text that the decoder reads. */
function fieldText({ id, text, fields }: Example, key: string): string {
  const value = key === 'text' ? text : fields?.[key];
  if (typeof value !== 'string')
    throw new DataError('DATA_INVALID', `example "${id}" has no text in "${key}"`);
  return value;
}
