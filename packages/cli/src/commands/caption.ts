import { basename, extname } from 'node:path';
import { type ExampleDataset, ImageError, printable, SkipLog } from '@simvlm/core';
import { readRegularFile } from '@simvlm/data/node';
import { pictureBatches } from '@simvlm/eval';
import { decodeImage } from '@simvlm/image';
import { modelSquare, openCaptioner, skippedLines } from '@simvlm/run';
import { chosenCheckpoint, runRegistry } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { printLine, Terminal } from '../terminal';
import { checkLengths, type GenerationOptions, generationRequest } from './caption-options';
import { type ComputeOptions, startBackend } from './compute-options';

export interface CaptionCommandOptions extends GenerationOptions, ComputeOptions {
  checkpoint?: string;
  prompt?: string;
  jsonl?: boolean;
  plugin?: readonly string[];
}

/** Pictures that are captioned at once. */
const BATCH = 64;

/**
 * `simvlm caption`: a line a caption, in the order of the pictures; those that cannot be read are named on standard error, and the exit
 * code is 1.
 */
export async function caption(files: readonly string[], options: CaptionCommandOptions): Promise<number> {
  const request = generationRequest(options);
  const terminal = new Terminal();
  const checkpoint = await chosenCheckpoint(options.checkpoint, terminal);
  const registry = await runRegistry(options.plugin);
  await startBackend(options, registry);
  const captioner = await openCaptioner(checkpoint, { registry });
  const { model, tokenizer } = captioner;
  const prompt = options.prompt?.trim() ?? '';
  const skipped = new SkipLog();
  try {
    checkLengths(options, tokenizer.encode(prompt).length, model.config.maxTextLength);
    const pictures = { square: modelSquare(model.config, captioner.config), batchSize: BATCH };
    for await (const batch of pictureBatches(pictureFiles(files), pictures, skipped)) {
      const made = await captioner.caption(
        batch.map(({ image }) => image),
        // By its file, so that a picture's samples do not depend on the others of the command.
        { ...request, prompt, ids: batch.map(({ id: index }) => files[Number(index)]!) },
      );
      for (const { picture, text, logProb } of made) {
        const image = files[Number(batch[picture]!.id)]!;
        const id = basename(image, extname(image));
        if (options.jsonl) printLine(JSON.stringify({ id, image, text, logProb }));
        else printLine(printable(files.length === 1 ? text : `${image}: ${text}`));
      }
    }
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
