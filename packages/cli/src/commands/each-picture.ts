import { basename, extname } from 'node:path';
import { type ExampleDataset, ImageError, type RgbImage, SkipLog } from '@simvlm/core';
import { readRegularFile } from '@simvlm/data/node';
import { pictureBatches } from '@simvlm/eval';
import { decodeImage } from '@simvlm/image';
import { type Captioner, modelSquare, openCaptioner, skippedLines } from '@simvlm/run';
import { chosenCheckpoint, runRegistry } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { Terminal } from '../terminal';
import { type ComputeOptions, startBackend } from './compute-options';

/** What every command that looks at pictures takes. */
export interface PictureOptions extends ComputeOptions {
  checkpoint?: string;
  plugin?: readonly string[];
}

/** A picture that was named on the command line. */
export interface NamedPicture {
  /** Its file name without folder and extension. */
  readonly id: string;
  /** As it was named. */
  readonly file: string;
  readonly image: RgbImage;
}

/** What is done with pictures. */
export interface PictureWork {
  /** Pictures at a time. */
  readonly atOnce: number;
  take(pictures: readonly NamedPicture[]): Promise<void>;
}

/**
 * Opens the model, and hands over the pictures of files in their order, some at a time; those that cannot be read are named on standard error.
 *
 * @param begin checks what was asked for against the model, and tells what to do with pictures
 * @returns the exit code: 1 where a picture could not be read
 */
export async function eachPicture(
  files: readonly string[],
  options: PictureOptions,
  begin: (captioner: Captioner) => PictureWork,
): Promise<number> {
  const terminal = new Terminal();
  const checkpoint = await chosenCheckpoint(options.checkpoint, terminal);
  const registry = await runRegistry(options.plugin);
  await startBackend(options, registry);
  const captioner = await openCaptioner(checkpoint, { registry });
  const skipped = new SkipLog();
  try {
    const { atOnce, take } = begin(captioner);
    const square = modelSquare(captioner.model.config, captioner.config);
    for await (const batch of pictureBatches(pictureFiles(files), { square, batchSize: atOnce }, skipped))
      await take(
        batch.map(({ id: index, image }) => {
          const file = files[Number(index)]!;
          return { id: basename(file, extname(file)), file, image };
        }),
      );
  } finally {
    captioner.dispose();
  }
  const lost = skipped.report();
  for (const line of skippedLines(lost)) terminal.error(line);
  return lost.count > 0 ? exitCode.failed : exitCode.ok;
}

/** Files as a data set; the id of an example is the place of its file in the list. */
function pictureFiles(files: readonly string[]): ExampleDataset {
  return {
    length: files.length,
    async get(index) {
      const file = files[index]!;
      const bytes = await readRegularFile(
        file,
        (message, options) => new ImageError('IMAGE_UNREADABLE', message, { ...options, file }),
      );
      try {
        return { id: String(index), text: '', image: await decodeImage(bytes) };
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        throw new ImageError(error.code, `${file}: ${error.message}`, { cause: error, file });
      }
    },
  };
}
