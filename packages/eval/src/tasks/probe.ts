import {
  type BatchSource,
  checkOptions,
  DataError,
  Random,
  type RgbImage,
  rule,
  type TaskContext,
  type TaskFactory,
} from '@simvlm/core';
import { arrayDataset, datasetSource, exampleStream, imagePixels, stepSource } from '@simvlm/data';
import { type ProbeBatch, ProbeHead, picturesAtOnce, probeLearner, type SimVlm } from '@simvlm/model';
import { classOf, labelledVectors } from '../features/labelled';
import { type StillVectors, stillVectors } from '../features/stills';
import { modelVectors } from '../features/vectors';
import { standardOf } from '../probe/standardise';
import { checkLabels, labelFile, savedLabels } from './classify/label-list';
import { answerer, pictureOf } from './common';

/** What the trained examples are: their classes, in their order. */
interface Trained {
  readonly ids: readonly string[];
  readonly names: readonly string[];
}

/**
 * `probe`: a linear classifier on the frozen features of the model (`SimVlm.features`), trained like any other task. The features of all training
 * pictures, none of them varied, are computed before the first step and kept in memory: each process has all of them. An epoch shows each example
 * once, whatever the weight of its source.
 *
 * Options: `label`, the field that is the class (default `label`); `labels`, their names (default: those of the training data, sorted).
 */
export const probeTask: TaskFactory = async (options, context: TaskContext<SimVlm>) => {
  checkOptions('task probe', options, { label: rule.string, labels: rule.strings });
  const field = (options.label as string | undefined) ?? 'label';
  const { model, seed, regularization } = context;
  const trained = await classesOf(context, field);
  const labels = await labelsOf(context, trained, options.labels as readonly string[] | undefined);
  const indices = new Map(labels.map((name, index) => [name, index]));
  const indexOf = (id: string, name: string) => {
    const index = indices.get(name);
    if (index === undefined) throw unknownLabel(id, name, labels.length);
    return index;
  };
  const head = new ProbeHead(model, { classes: labels.length, seed });
  const learner = probeLearner(head, regularization);
  return {
    learner: { ...learner, files: () => new Map([...learner.files!(), ...labelFile(labels)]) },
    batches: rowsInMemory(context, head, trained, indexOf),
    ...(context.val && { validation: validationOf(context, field, indices) }),
    evaluators: ['labels'],
    metric: { name: 'labels/accuracy', better: 'higher' },
    answer: answerer(
      example => ({
        ...{ id: example.id, image: pictureOf(example, model.config) },
        truth: classOf(example, field),
      }),
      async (rows: readonly { id: string; image: RgbImage; truth: string }[]) => {
        const { values } = await model.features(imagePixels(rows.map(({ image }) => image)));
        const found = await head.predict(values);
        return rows.map(({ id, truth }, i) => ({ id, text: labels[found[i]!]!, truths: [truth] }));
      },
      picturesAtOnce(model),
    ),
    dispose: () => head.dispose(),
  };
};

async function classesOf({ outlines }: TaskContext, field: string): Promise<Trained> {
  const ids: string[] = [];
  const names: string[] = [];
  for await (const outline of outlines()) {
    ids.push(outline.id);
    names.push(classOf(outline, field));
  }
  return { ids, names };
}

/** Batches of features in the seeded order of an example stream. They are computed at the first of them, when all weights are in their place. */
function rowsInMemory(
  { model, train, stills, seed, batch }: TaskContext<SimVlm>,
  head: ProbeHead,
  { ids, names }: Trained,
  indexOf: (id: string, name: string) => number,
): BatchSource<ProbeBatch> {
  const { imageText: batchSize } = batch;
  checkOptions('task probe: batch', { imageText: batchSize }, { imageText: rule.integer(1) });
  let computed: Promise<StillVectors> | undefined;
  const compute = async () => {
    const found = await stillVectors(stills(), modelVectors(model));
    const { means, scales } = standardOf(found);
    head.standardise(means, scales);
    return found;
  };
  let vectors: StillVectors | undefined;
  // The stream deals places alone: it knows epochs, processes and how to go on.
  const places = arrayDataset(ids.map((id, place) => ({ id, text: '', fields: { place } })));
  const source = stepSource<{ row: number; label: number }, ProbeBatch>([
    {
      stream: exampleStream({
        source: datasetSource(places, { name: 'features' }),
        random: Random.fromSeed(seed).fork('data').fork('features'),
        length: ids.length,
        ...(train && { share: train.share, identity: train.identity }),
      }),
      batchSize,
      row({ example: { id, fields } }) {
        const place = fields!.place as number;
        const row = vectors!.rows[place]!;
        if (typeof row !== 'number') throw row;
        return { row, label: indexOf(id, names[place]!) };
      },
      batches: rows => [batchOf(rows, vectors!)],
    },
  ]);
  return {
    ...source,
    async next() {
      vectors = await (computed ??= compute());
      return source.next();
    },
  };
}

function batchOf(
  rows: readonly { readonly row: number; readonly label: number }[],
  { width, values }: Pick<StillVectors, 'width' | 'values'>,
): ProbeBatch {
  const features = new Float32Array(rows.length * width);
  for (const [i, { row }] of rows.entries())
    features.set(values.subarray(row * width, (row + 1) * width), i * width);
  return { features, labels: Int32Array.from(rows, ({ label }) => label) };
}

/** The validation pictures of known classes; their features are computed once. */
function validationOf(
  { model, val, batch }: TaskContext<SimVlm>,
  label: string,
  indices: ReadonlyMap<string, number>,
): () => AsyncGenerator<readonly ProbeBatch[]> {
  let computed: Promise<ProbeBatch[]> | undefined;
  const compute = async () => {
    const vectors = await labelledVectors(val!, modelVectors(model), { label });
    const rows = vectors.labels.flatMap((name, row) => {
      const index = indices.get(name);
      return index === undefined ? [] : [{ row, label: index }];
    });
    const count = Math.ceil(rows.length / batch.imageText);
    return Array.from({ length: count }, (_, i) =>
      batchOf(rows.slice(i * batch.imageText, (i + 1) * batch.imageText), vectors),
    );
  };
  return async function* () {
    for (const each of await (computed ??= compute())) yield [each];
  };
}

/** The names of the classes: those of a checkpoint, else those of the options, else those of the training data. */
async function labelsOf(
  context: TaskContext,
  { names }: Trained,
  given: readonly string[] | undefined,
): Promise<readonly string[]> {
  const saved = await savedLabels(context);
  const labels = saved ?? given ?? [...new Set(names)].sort();
  checkLabels('task probe', labels, saved && given);
  return labels;
}

function unknownLabel(id: string, name: string, count: number): DataError {
  return new DataError(
    'DATA_INVALID',
    `example "${id}" has the label "${name}", which is none of the ${count}`,
  );
}
