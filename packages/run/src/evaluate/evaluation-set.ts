import {
  ConfigError,
  DataError,
  type ExampleDataset,
  type Sample,
  type SampleSource,
  type SkipReport,
} from '@simvlm/core';
import { pictureSquare, type SimVlmConfig } from '@simvlm/model';
import type { RunConfig } from '../config/schema';
import type { Named, SourceConfig } from '../config/sources';
import { isSampleSource, type OpenOptions, openConfigured } from '../sources/open-source';
import { namedTestSplit, testSplitOf } from '../sources/test-split';
import { sampleDataset, squareDataset } from '../sources/validation-set';
import { modelSquare } from '../square';

/** What reads the examples of a set. */
export interface SetUse {
  readonly model: Pick<SimVlmConfig, 'imageSize' | 'picture'>;
  /** The run that wrote the checkpoint; none of a model that was imported. */
  readonly run: RunConfig | undefined;
  /** Records without a picture are examples like the others: see `TaskFactory`. */
  readonly isPictureOptional: boolean;
}

/** Examples with what is right about them, to evaluate models on. */
export interface EvaluationSet {
  /** For people: a path, or such as `emoji val`. */
  readonly name: string;
  /** Tells these records from others, where the source can. */
  readonly identity?: string;
  /** Records that cannot be used. */
  readonly skipped?: SkipReport;
  /** Ids of the examples with a picture, where the records are in memory. */
  readonly ids?: readonly string[];
  /** What the candidates of a choice are, by the id of an example, where they are given and not drawn. */
  readonly candidates?: Readonly<Record<string, readonly string[]>>;
  /** Evaluators of a captioner on this set where nobody names any; default: those of the task. */
  readonly evaluators?: (run: RunConfig | undefined) => readonly Named[];
  /** @throws DataError where there is none */
  examples(use: SetUse): Promise<ExampleDataset>;
}

export interface OpenSetOptions extends OpenOptions {
  /** Allows what is a test split. Default false. */
  readonly test?: boolean;
  /** What the set is called; default: as its source. */
  readonly name?: string;
}

/**
 * Opens a source as a configuration names it. Records that are read in order are read into memory, without their pictures where those lie apart.
 *
 * @throws ConfigError for a test split that nobody asked for; DataError, ConfigError, PluginError for what cannot be opened
 */
export async function openSet(source: SourceConfig, options: OpenSetOptions): Promise<EvaluationSet> {
  const { test = false, ...open } = options;
  const refuse = (name: string, split: string | undefined) => {
    if (!test && split !== undefined) throw testRefusal(name, split);
  };
  refuse(options.name ?? nameOf(source), namedTestSplit(source));
  const { content, use, name: opened } = await openConfigured(undefined, source, open);
  const { name = nameOf(source) } = options;
  const square = ({ model, run }: SetUse) =>
    use.fit === undefined ? modelSquare(model, run) : pictureSquare(model, use.fit);
  if (!isSampleSource(content)) return { name, examples: async at => squareDataset(content, square(at)) };
  const { samples, skipped } = await samplesOf(content);
  refuse(name, testSplitOf(samples));
  return {
    ...{ name, skipped, identity: await content.identity() },
    ids: pictured(samples).map(({ key }) => key),
    async examples(at) {
      const taken = at.isPictureOptional ? samples : pictured(samples);
      if (taken.length === 0) throw nothingIn(opened, at.isPictureOptional, skipped);
      return sampleDataset(taken, square(at));
    },
  };
}

/** Examples of a program's own. */
export function datasetSet(name: string, dataset: ExampleDataset): EvaluationSet {
  return {
    name,
    examples: async ({ model, run }) => squareDataset(dataset, modelSquare(model, run)),
  };
}

function pictured(samples: readonly Sample[]): readonly Sample[] {
  return samples.filter(({ images }) => images.length > 0);
}

async function samplesOf(
  source: SampleSource,
): Promise<{ readonly samples: readonly Sample[]; readonly skipped: SkipReport }> {
  const reader = source.read();
  const samples: Sample[] = [];
  for await (const sample of reader) samples.push(sample);
  return { samples, skipped: reader.skipped() };
}

function testRefusal(name: string, split: string): ConfigError {
  return new ConfigError(
    'CONFIG_INVALID',
    `${name} holds the test split "${split}", which is read only with --test: choose models, settings and prompts on the development split, and look at ` +
      'this one when all is chosen; "--split NAME" names another split',
  );
}

function nothingIn(name: string, isPictureOptional: boolean, { count, reasons }: SkipReport): DataError {
  const what = isPictureOptional ? 'holds no records' : 'names no image';
  const problem = count === 0 ? '' : `; the first problem: ${reasons[0]}`;
  return new DataError('DATA_INVALID', `${name} ${what}: there is nothing to evaluate${problem}`);
}

/** Such as `mine/pictures val`, `emoji-questions val`; further options of a source as JSON. */
function nameOf(source: SourceConfig): string {
  if (typeof source === 'string') return source;
  const { split } = source;
  const parts = typeof split === 'string' ? [split] : [];
  if (!('source' in source)) return [[source.path].flat().join(' '), ...parts].join(' ');
  const { source: name, split: _, ...options } = source;
  const more = Object.keys(options).length === 0 ? [] : [JSON.stringify(options)];
  return [name, ...parts, ...more].join(' ');
}
