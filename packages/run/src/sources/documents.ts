import { type ExampleDataset, isSimVlmError, type SampleSource } from '@simvlm/core';
import { datasetSource, textDataset } from '@simvlm/data';
import { atKey } from '../at-key';
import type { RunConfig } from '../config/schema';
import type { RunData, RunSource } from '../data';
import { isSampleSource, openConfigured } from './open-source';
import { textsOf } from './sample-texts';
import { type LoadOptions, learnsVocabulary } from './training-side';

/** Letters of a document in memory at most; longer ones are cut at the ends of sentences. */
const DOCUMENT_CHARACTERS = 400;
/** Texts of a source of documents that a vocabulary is learnt from: the first so many. */
const VOCABULARY_TEXTS = 100_000;
/** Texts that are looked at for unknown letters, where no vocabulary is learnt. */
const LOOKED_AT = 100;

/**
 * The text-only examples of a run: in memory, lines of a file and texts found among the pictures; or a source that is read as it goes, which
 * takes the place of those found.
 *
 * @param found texts without a picture among those of `data.train`
 * @throws DataError for what cannot be read; the signal's reason on abort
 */
export async function openDocuments(
  config: RunConfig,
  found: readonly string[],
  options: LoadOptions,
): Promise<Pick<RunData, 'documents' | 'texts'>> {
  const { documents } = config.data;
  if (documents !== undefined && typeof documents !== 'string') {
    const { name, content, use } = await openConfigured('data.documents', documents, options);
    const source = isSampleSource(content) ? content : datasetSource(content, { name });
    const count = learnsVocabulary(config, options) ? VOCABULARY_TEXTS : LOOKED_AT;
    return {
      documents: [{ source, use, ...(!isSampleSource(content) && { length: content.length }) }],
      texts: inMemory(config.batch.textOnly > 0 ? await firstTexts(source, count, options) : []),
    };
  }
  const lines = documents === undefined ? [] : await linesOf(documents, options);
  const texts = inMemory([...found, ...lines]);
  return { documents: texts.length > 0 ? [sourceOf(texts)] : [], texts };
}

function inMemory(texts: readonly string[]): ExampleDataset {
  return textDataset(texts, { maxCharacters: DOCUMENT_CHARACTERS });
}

async function firstTexts(source: SampleSource, count: number, { signal }: LoadOptions): Promise<string[]> {
  const texts: string[] = [];
  for await (const sample of source.read()) {
    signal?.throwIfAborted();
    texts.push(...textsOf(sample));
    if (texts.length >= count) break;
  }
  return texts;
}

/** Texts in memory as a source of documents. */
export function sourceOf(texts: ExampleDataset): RunSource {
  return { source: datasetSource(texts, { name: 'documents' }), length: texts.length, isDecoded: true };
}

async function linesOf(file: string, { places }: LoadOptions): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const line of places.lines(file)) lines.push(line);
  } catch (error) {
    throw isSimVlmError(error) && error.code === 'DATA_INVALID' ? error : atKey('data.documents', error);
  }
  return lines;
}
