import type { ExampleDataset, Sample, SampleSource } from '@simvlm/core';
import { datasetSource, filteredSource, subset } from '@simvlm/data';
import { pictureSquare } from '@simvlm/model';
import type { RunConfig } from '../config/schema';
import type { RunSource } from '../data';
import { modelPreset } from '../model';
import type { Reporter } from '../reporter';
import { countOf, warnOfSkipped } from '../skipped';
import { firstLook } from './first-look';
import type { OpenedSource, OpenOptions } from './open-source';
import { readAll } from './read-all';
import { readDataset } from './read-dataset';
import { picturesOf } from './sample-texts';
import { splitOff } from './split-off';
import { type TaskExamples, taskExamples } from './task-examples';
import type { TextDraw } from './text-draw';
import { kept, sampleDataset, squareDataset } from './validation-set';

export interface LoadOptions extends OpenOptions {
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** The run goes on from a checkpoint, which has its tokenizer. */
  readonly goesOn?: boolean | undefined;
}

/** What a source of `data.train` gives. */
export interface TrainingSide {
  readonly source: RunSource;
  /** The examples that are split off. */
  readonly val?: ExampleDataset;
  /** Texts without a picture that are documents, where they are read beforehand. */
  readonly documents: readonly string[];
  /** Why pictures cannot be used, as far as they were looked at. */
  readonly unreadable: readonly string[];
}

type Opened<C> = Omit<OpenedSource, 'content'> & { readonly content: C };

/** Format of a folder whose lines may have a picture or none. */
const MIXED = 'jsonl';

/**
 * Records in their order. Their texts are read once before training where something depends on all of them, and twice where pictures are split
 * off, as a vocabulary is learnt from what stays.
 */
export async function trainingSamples(
  { content: source, use }: Opened<SampleSource>,
  captions: TextDraw,
  config: RunConfig,
  options: LoadOptions,
): Promise<TrainingSide> {
  const { reporter, signal } = options;
  const { data, seed, evaluation, batch } = config;
  const task = taskExamples(config, options.registry);
  const look = await firstLook(source, task, signal);
  const { isDecoded, unusable } = look;
  const { count, reasons } = unusable;
  warnOfSkipped(
    reporter,
    `${source.name}: ${countOf(count, 'picture')} among the first ${look.records} records cannot be used:`,
    unusable,
  );
  const isMixed = source.read().format === MIXED && !task.isPictureOptional;
  const takesDocuments = isMixed && batch.textOnly > 0 && !hasDocumentSource(config);
  const isRead = learnsVocabulary(config, options) || data.valShare !== undefined || takesDocuments;
  if (!isRead) {
    for (const text of look.texts) captions.add(text);
    const pictured = isMixed ? filteredSource(source, task.takes) : source;
    return { source: { source: pictured, use, isDecoded }, documents: [], unreadable: reasons };
  }
  const drawn =
    data.valShare === undefined
      ? []
      : splitOff(await exampleKeys(source, task, { reporter, signal }), data.valShare, seed);
  const splitKeys = new Set(drawn);
  const validated = new Map(drawn.slice(0, evaluation.pictures).map((key, rank) => [key, rank]));
  const val: { readonly rank: number; readonly sample: Sample }[] = [];
  const documents: string[] = [];
  let length = 0;
  const unread = await readAll(
    source,
    async sample => {
      if (isMixed && !task.takes(sample)) {
        if (takesDocuments) documents.push(...task.texts(sample));
        return;
      }
      const key = picturesOf(sample);
      const rank = validated.get(key);
      if (rank !== undefined) val.push({ rank, sample: await kept(sample) });
      if (splitKeys.has(key)) return;
      length++;
      for (const text of task.texts(sample)) captions.add(text);
    },
    { reporter, signal },
  );
  // In the order of the draw, so that the first so many are an even draw, too.
  const samples = val.sort((a, b) => a.rank - b.rank).map(({ sample }) => sample);
  return {
    source: {
      source: filteredSource(
        source,
        sample => (!isMixed || task.takes(sample)) && !splitKeys.has(picturesOf(sample)),
      ),
      // As `source.count()` has it, so that an epoch is as long for a run that goes on and reads nothing.
      ...{ use, length: length + unread, isDecoded },
    },
    ...(data.valShare !== undefined && {
      val: sampleDataset(samples, pictureSquare(modelPreset(config), use.fit)),
    }),
    ...{ documents, unreadable: reasons },
  };
}

/** Examples with random access, which are got once each before training. */
export async function trainingDataset(
  { name, content: dataset, use, weightOf }: Opened<ExampleDataset>,
  captions: TextDraw,
  config: RunConfig,
  options: LoadOptions,
): Promise<TrainingSide> {
  const { data, seed } = config;
  const task = taskExamples(config, options.registry);
  const { examples, documents, unreadable } = await readDataset(name, dataset, task, options);
  const keys = new Set(examples.map(({ key }) => key));
  const drawn = data.valShare === undefined ? [] : splitOff(keys, data.valShare, seed);
  const split = new Map(drawn.map((key, rank) => [key, rank]));
  const trained = examples.filter(({ key }) => !split.has(key));
  for (const text of trained.flatMap(({ texts }) => texts)) captions.add(text);
  const indicesOf = (some: typeof examples) => some.map(({ index }) => index);
  const indices = indicesOf(trained);
  const chosen = subset(dataset, indices);
  const source = datasetSource(chosen, {
    name,
    ...(weightOf && { weight: place => weightOf(indices[place]!) }),
  });
  const validated = examples.filter(({ key }) => split.has(key));
  const val = subset(dataset, indicesOf(validated.sort((a, b) => split.get(a.key)! - split.get(b.key)!)));
  return {
    source: { source, examples: chosen, use, length: trained.length, isDecoded: true },
    ...(data.valShare !== undefined && {
      val: squareDataset(val, pictureSquare(modelPreset(config), use.fit)),
    }),
    ...{ documents: hasDocumentSource(config) ? [] : documents, unreadable },
  };
}

/** Whether the tokenizer comes of the texts: a checkpoint has one, and a file is one. */
export function learnsVocabulary({ tokenizer, init }: RunConfig, { goesOn = false }: LoadOptions): boolean {
  return tokenizer.model === undefined && init === undefined && !goesOn;
}

/** Texts found beside pictures are left out then: mixed in, a few of them would fill half of the text-only rows. */
function hasDocumentSource({ data: { documents } }: RunConfig): boolean {
  return documents !== undefined && typeof documents !== 'string';
}

/** What tells the pictures of a source from each other, each once; of an example without one, the example. */
async function exampleKeys(
  source: SampleSource,
  { takes }: Pick<TaskExamples, 'takes'>,
  options: Parameters<typeof readAll>[2],
): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  await readAll(source, sample => void (takes(sample) && keys.add(picturesOf(sample))), options);
  return keys;
}
