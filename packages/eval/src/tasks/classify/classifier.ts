import {
  ConfigError,
  DataError,
  type Example,
  type Metric,
  type RgbImage,
  type Task,
  type TaskContext,
} from '@simvlm/core';
import { collate, type Row } from '@simvlm/data';
import { type ClassifierBatch, ClassifierHead, classifierLearner, type SimVlm } from '@simvlm/model';
import { answerer, byPictures, exampleBatchSources, learnerOptions, picturesOf } from '../common';
import type { Decision, Right } from './decision';
import { labelDecision } from './label';
import { numberDecision } from './number';
import { type ReadFields, TextReader } from './texts';
import { vocabularyDecision } from './vocabulary';

/** Examples that are looked at for texts that are too long. */
const LOOKED_AT = 2000;

/** What a classifier reads and decides. */
export interface ClassifierSpec extends ReadFields {
  /** Names the task in messages. */
  readonly where: string;
  /** How many an example has; `any`: one or none, and one takes the place of the prefix. */
  readonly pictures: number | 'any';
  readonly decides:
    | { readonly labels?: readonly string[] | undefined }
    | { readonly vocabulary: number }
    | 'number';
  /** Default: what suits the decision. */
  readonly evaluators?: readonly string[];
  readonly metric?: Metric;
}

interface ReadRow extends Omit<Row, 'image'> {
  readonly images: readonly RgbImage[];
  /** Tokens for which there was no room. */
  readonly cut: number;
  readonly right: Right;
}

/** A linear head beside the model, with batches of what it reads. */
export async function classifier(spec: ClassifierSpec, context: TaskContext<SimVlm>): Promise<Task> {
  const { where, pictures } = spec;
  const { model, tokenizer, seed } = context;
  checkReads(spec, model);
  const decision = await decisionOf(spec, context);
  const passes = typeof pictures === 'number' ? Math.max(1, pictures) : 1;
  const texts = new TextReader(spec, tokenizer, model.config);
  await warnOfCut(spec, texts, context);
  const head = new ClassifierHead(model, { ...decision.head, passes, seed });
  const learner = classifierLearner(head, learnerOptions(context));
  const { pad } = tokenizer.special;

  const read = (example: Example): ReadRow => {
    const images = imagesOf(example, spec, model.config);
    return {
      ...{ id: example.id, images, right: decision.right(example) },
      ...texts.read(example, pictures === 'any' && images.length > 0),
    };
  };
  const passesOf = (rows: readonly ReadRow[]): ClassifierBatch['passes'] =>
    Array.from({ length: passes }, (_, pass) =>
      collate(
        rows.map(({ images, ...row }) => ({ ...row, ...(images[pass] && { image: images[pass] }) })),
        { pad },
      ),
    );
  const labelsOf = (rows: readonly ReadRow[]) => {
    const outputs = rows.flatMap(({ right }) => right.outputs!);
    return head.target === 'class' ? Int32Array.from(outputs) : Float32Array.from(outputs);
  };

  return {
    learner: { ...learner, files: () => new Map([...learner.files!(), ...decision.files]) },
    ...exampleBatchSources<ReadRow, ClassifierBatch>(where, context, {
      row(example) {
        const row = read(example);
        return row.right.outputs && row;
      },
      batches: rows => byPictures(rows).map(part => ({ passes: passesOf(part), labels: labelsOf(part) })),
    }),
    evaluators: spec.evaluators ?? decision.evaluators,
    metric: spec.metric ?? decision.metric,
    async answer(data, options) {
      let cut = 0;
      const answers = answerer(read, async rows => {
        const said = new Map<ReadRow, number>();
        for (const part of byPictures(rows)) {
          const predictions = await head.predict(passesOf(part));
          for (const [i, row] of part.entries()) said.set(row, predictions[i]!);
        }
        cut += rows.filter(row => row.cut > 0).length;
        return rows.map(row => ({
          ...{ id: row.id, truths: row.right.truths },
          text: decision.text(said.get(row)!),
        }));
      });
      const found = await answers(data, options);
      const count = found.answers.length;
      return { ...found, ...(cut > 0 && { warnings: [cutMessage(cut, count, model)] }) };
    },
    dispose: () => head.dispose(),
  };
}

function decisionOf({ where, decides }: ClassifierSpec, context: TaskContext): Decision | Promise<Decision> {
  if (decides === 'number') return numberDecision;
  if ('vocabulary' in decides) return vocabularyDecision(where, context, decides.vocabulary);
  return labelDecision(where, context, decides.labels);
}

/** @throws ConfigError for a classifier that reads nothing, or text alone with a model that cannot */
function checkReads({ where, pictures, reads, prefix }: ClassifierSpec, { config }: SimVlm): void {
  const refuse = (message: string) => {
    throw new ConfigError('CONFIG_INVALID', `${where}: ${message}`);
  };
  if (pictures === 0 && reads === undefined && prefix === undefined)
    refuse('"pictures" is 0, and neither "reads" nor "prefix" names a text: there is nothing to decide by');
  if (typeof pictures === 'number' && pictures > 0) return;
  if (config.encoder && config.encoder.kind !== 'joint')
    refuse(
      `"pictures" is ${pictures}, but this model (encoder "${config.encoder.kind}") reads an image with every text`,
    );
}

/** @throws DataError for an example with another number of pictures, or with neither picture nor prefix where one may stand for the other */
function imagesOf(
  example: Example,
  { pictures, prefix }: ClassifierSpec,
  config: SimVlm['config'],
): readonly RgbImage[] {
  if (pictures === 0) return [];
  if (pictures !== 'any') return picturesOf(example, pictures, config);
  if (example.image) return picturesOf(example, 1, config);
  if (prefix !== undefined && example.fields?.[prefix] === undefined && prefix !== 'text')
    throw new DataError('DATA_INVALID', `example "${example.id}" has neither an image nor a "${prefix}"`);
  return [];
}

/** Says once how many of the first training examples are too long. What cannot be read is left to the training to report. */
async function warnOfCut(
  { where, reads, prefix, pictures }: ClassifierSpec,
  texts: TextReader,
  { outlines, warn, model }: TaskContext<SimVlm>,
): Promise<void> {
  if (!warn || (reads === undefined && prefix === undefined)) return;
  let [count, cut] = [0, 0];
  for await (const example of outlines()) {
    if (count === LOOKED_AT) break;
    count++;
    try {
      // Whether it has a picture is not known here.
      const isPrefixed = prefix !== undefined && example.fields?.[prefix] !== undefined;
      if (texts.read(example, pictures === 'any' && !isPrefixed).cut > 0) cut++;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
    }
  }
  if (cut > 0) warn(`${where}: ${cutMessage(cut, count, model)}`);
}

function cutMessage(cut: number, count: number, { config }: SimVlm): string {
  return (
    `the texts of ${cut.toLocaleString('en')} of ${count.toLocaleString('en')} examples have more than the ${config.maxTextLength - 1} tokens that the model ` +
    'reads, and are cut, the longer text first'
  );
}
