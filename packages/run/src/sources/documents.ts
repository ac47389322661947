import { type ExampleDataset, isSimVlmError } from '@simvlm/core';
import { datasetSource, textDataset } from '@simvlm/data';
import { atKey } from '../at-key';
import type { RunConfig } from '../config/schema';
import type { RunData, RunSource } from '../data';
import { isSampleSource, openConfigured } from './open-source';
import { textsOf } from './sample-texts';
import type { LoadOptions } from './training-side';

/** Letters of a document in memory at most; longer ones are cut at the ends of sentences. */
const DOCUMENT_CHARACTERS = 400;
/** Texts of a source of documents that a vocabulary is learnt from: the first so many. */
const SOME_TEXTS = 100_000;

/**
 * The text-only examples of a run: lines of a file and texts found among the pictures in memory, and a source that is read as it goes.
 *
 * @param found texts without a picture among those of `data.train`
 * @throws DataError for what cannot be read
 */
export async function openDocuments(
  { data: { documents }, batch }: RunConfig,
  found: readonly string[],
  options: LoadOptions,
): Promise<Pick<RunData, 'documents' | 'texts'>> {
  const lines = [...found];
  const streamed: RunSource[] = [];
  const sample: string[] = [];
  if (typeof documents === 'string') lines.push(...(await linesOf(documents, options)));
  else if (documents !== undefined) {
    const { name, content, use } = await openConfigured('data.documents', documents, options);
    const source = isSampleSource(content) ? content : datasetSource(content, { name });
    streamed.push({ source, use, ...(!isSampleSource(content) && { length: content.length }) });
    if (batch.textOnly > 0)
      for await (const each of source.read()) {
        sample.push(...textsOf(each));
        if (sample.length >= SOME_TEXTS) break;
      }
  }
  const inMemory = textDataset(lines, { maxCharacters: DOCUMENT_CHARACTERS });
  return {
    documents: [...(inMemory.length > 0 ? [sourceOf(inMemory)] : []), ...streamed],
    texts:
      sample.length === 0
        ? inMemory
        : textDataset([...lines, ...sample], { maxCharacters: DOCUMENT_CHARACTERS }),
  };
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
