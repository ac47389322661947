import {
  ConfigError,
  DataError,
  type ExampleDataset,
  isSimVlmError,
  type Registry,
  SkipLog,
} from '@simvlm/core';
import { subset, textDataset } from '@simvlm/data';
import { atKey } from './at-key';
import type { RunConfig } from './config/schema';
import type { RunData } from './data';
import type { Reporter } from './reporter';
import { countOf, warnOfSkipped } from './skipped';
import { splitOff } from './validation-split';

/** Where examples come from, as a configuration names it. */
export type Source = RunConfig['data']['train'];

/** A source, looked at once. */
export interface OpenedSource {
  readonly pictures: ExampleDataset;
  /** For each picture its caption, and what tells it from other pictures: several captions may be of one. */
  readonly captions: readonly string[];
  readonly keys: readonly string[];
  /** Texts that have no picture. */
  readonly texts: readonly string[];
  /** Why pictures cannot be used. */
  readonly unreadable: readonly string[];
}

export interface SourceOptions {
  readonly registry: Registry;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** Opens a folder of pictures, and reads a file of documents, where there are files. */
  readonly openFolder?: (name: string) => Promise<OpenedSource>;
  readonly readDocuments?: (file: string) => Promise<string[]>;
}

/** Letters of a text-only document at most; longer ones are cut at the ends of sentences. */
const DOCUMENT_CHARACTERS = 400;

/**
 * Reads the sources that a configuration names, and names the pictures that cannot be used.
 *
 * @throws DataError also when no training picture, or no validation picture, can be used
 */
export async function loadSources({ data, seed }: RunConfig, options: SourceOptions): Promise<RunData> {
  const train = await openSource('data.train', data.train, options);
  const split = data.valShare === undefined ? undefined : splitOff(train.keys, data.valShare, seed);
  const val = data.val === undefined ? undefined : await openSource('data.val', data.val, options);
  if (val && val.pictures.length === 0)
    throw new DataError(
      'DATA_INVALID',
      `"data.val": ${shown(data.val!)} names no image: there is nothing to validate on; leave it out`,
    );
  const lines = data.documents === undefined ? [] : await documentsOf(data.documents, options);
  const trained = split?.train ?? [...train.captions.keys()];
  return {
    train: split ? subset(train.pictures, split.train) : train.pictures,
    ...(val && { val: val.pictures }),
    ...(split && { val: subset(train.pictures, split.val) }),
    unreadable: train.unreadable,
    documents: textDataset([...train.texts, ...lines], { maxCharacters: DOCUMENT_CHARACTERS }),
    captions: [
      ...new Set([
        ...trained.map(index => train.captions[index]!),
        ...questionTexts(train.pictures, trained),
      ]),
    ],
  };
}

/** Questions and answers that examples have, where they are read without their pictures: a vocabulary is learnt from them, too. */
function questionTexts(pictures: ExampleDataset, indices: readonly number[]): string[] {
  return indices.flatMap(index => {
    const { question, answer } = pictures.outline?.(index).fields ?? {};
    return [question, answer].flat().filter(text => typeof text === 'string');
  });
}

async function openSource(key: string, source: Source, options: SourceOptions): Promise<OpenedSource> {
  try {
    if (typeof source === 'object') return await openRegistered(source, options);
    if (options.openFolder) return await options.openFolder(source);
  } catch (error) {
    throw named(key, error);
  }
  throw new ConfigError(
    'CONFIG_INVALID',
    `"${key}": folders are read in Node only, and ${JSON.stringify(source)} is one; give { "source": NAME }`,
  );
}

async function documentsOf(file: string, { readDocuments }: SourceOptions): Promise<string[]> {
  if (!readDocuments)
    throw new ConfigError('CONFIG_INVALID', '"data.documents": files are read in Node only');
  return readDocuments(file).catch(error => {
    throw named('data.documents', error);
  });
}

/** What is not there is named with the key that asks for it. */
function named(key: string, error: unknown): unknown {
  return isSimVlmError(error) && error.code === 'DATA_NOT_FOUND' ? atKey(key, error) : error;
}

/** Every example is read once: for its caption, and to know now which cannot be used. */
async function openRegistered(
  source: Exclude<Source, string>,
  { registry, reporter, signal }: SourceOptions,
): Promise<OpenedSource> {
  const { source: name, ...given } = source;
  const examples = await registry.get('source', name)(given);
  const [captions, keys, texts, indices]: [string[], string[], string[], number[]] = [[], [], [], []];
  const log = new SkipLog();
  const bar = reporter.bar(`reading ${name}`);
  try {
    for (let index = 0; index < examples.length; index++) {
      signal?.throwIfAborted();
      try {
        const { id, text, image } = await examples.get(index);
        if (image) {
          captions.push(text);
          keys.push(id);
          indices.push(index);
        } else texts.push(text);
      } catch (error) {
        log.add(index, error);
      }
      bar.update(index + 1, examples.length);
    }
  } finally {
    bar.stop();
  }
  const report = log.report();
  if (report.count > 0 && report.count === examples.length)
    throw new DataError(
      'DATA_INVALID',
      `the source ${name}: none of ${countOf(report.count, 'example')} can be used; the first: ${report.reasons[0]}`,
    );
  warnOfSkipped(
    reporter,
    `the source ${name}: ${countOf(report.count, 'example')} of ${examples.length} cannot be used:`,
    report,
  );
  return { pictures: subset(examples, indices), captions, keys, texts, unreadable: report.reasons };
}

function shown(source: Source): string {
  return typeof source === 'string' ? source : `the source ${source.source}`;
}
