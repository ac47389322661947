import {
  DataError,
  ImageError,
  type Sample,
  type SampleSource,
  SkipLog,
  type SkipReport,
} from '@simvlm/core';
import { decodeImage, type PictureFormat, pictureFormat } from '@simvlm/image';
import { countOf } from '../skipped';
import { placeOf } from './sample-texts';
import type { TaskExamples } from './task-examples';

/** Records that are looked at: enough to know a wrong folder at once, few enough for any source. */
const RECORDS = 100;
/** Pictures that are read side by side: more does not make a disk faster. */
const AT_ONCE = 16;
/** Bytes of a file that say which format it is. */
const HEAD = 32;
/** Formats that not every decoder knows. */
const UNSURE: ReadonlySet<PictureFormat> = new Set(['SVG', 'HEIC', 'BMP']);

/** What the first records of a source say of it. */
export interface FirstLook {
  /** How many they are: a hundred, where there are so many. */
  readonly records: number;
  /** Pictures that cannot be used. */
  readonly unusable: SkipReport;
  /** Their pictures come decoded, or there are none, and none are needed. */
  readonly isDecoded: boolean;
  /** Texts of these records. */
  readonly texts: readonly string[];
}

/**
 * Looks at the first hundred records of a source before a run, with their pictures, so that a wrong folder or a wrong column is known now. A
 * picture that begins as one passes; any other is decoded, so that the decoder decides. What is found later, training counts.
 *
 * @throws DataError when none of them can be used
 */
export async function firstLook(
  source: SampleSource,
  task: Pick<TaskExamples, 'isPictureOptional' | 'texts'>,
  signal?: AbortSignal,
): Promise<FirstLook> {
  const samples: Sample[] = [];
  const reader = source.read();
  for await (const sample of reader) {
    signal?.throwIfAborted();
    samples.push(sample);
    if (samples.length === RECORDS) break;
  }
  // Several captions may be of one picture.
  const pictures = [
    ...new Map(samples.flatMap(({ images }) => images).map(image => [placeOf(image), image])).values(),
  ];
  const problems = new Array<unknown>(pictures.length);
  let next = 0;
  const worker = async () => {
    while (next < pictures.length) {
      signal?.throwIfAborted();
      const index = next++;
      problems[index] = await problemOf(pictures[index]!);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const log = new SkipLog();
  for (const [index, problem] of problems.entries())
    if (problem !== undefined) log.add(placeOf(pictures[index]!), problem);
  const unusable = log.report();
  const unread = reader.skipped();
  if (unusable.count > 0 && unusable.count === pictures.length)
    throw new DataError(
      'DATA_INVALID',
      `${source.name}: none of ${countOf(unusable.count, 'picture')} can be used; the first: ${unusable.reasons[0]}`,
    );
  if (samples.length === 0)
    throw new DataError(
      'DATA_INVALID',
      unread.count > 0
        ? `${source.name}: none of ${countOf(unread.count, 'record')} can be used; the first: ${unread.reasons[0]}`
        : `${source.name} holds no records`,
    );
  const isDecoded =
    (pictures.length > 0 || task.isPictureOptional) && pictures.every(({ pixels }) => pixels !== undefined);
  return { records: samples.length, isDecoded, unusable, texts: samples.flatMap(task.texts) };
}

/** Why a picture cannot be used; undefined if it can, as far as its beginning says. */
async function problemOf(image: Sample['images'][number]): Promise<unknown> {
  try {
    if (image.pixels) return undefined;
    const bytes = await image.bytes();
    const format = pictureFormat(bytes.subarray(0, HEAD));
    if (format === undefined || UNSURE.has(format)) await decodeImage(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof DataError) return error;
    if (!(error instanceof ImageError)) throw error;
    const { path } = image;
    return error.file === undefined
      ? new ImageError(error.code, `${path}: ${error.message}`, { cause: error, file: placeOf(image) })
      : error;
  }
}
