import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { type ExampleDataset, ImageError } from '@simvlm/core';
import { predictCaptions } from '@simvlm/eval';
import { pickBackend } from '@simvlm/runtime';
import { decodeImage } from '@simvlm/vision-patcher';
import { exitCode } from '../exit-code';
import { openCaptioner, readCheckpoint } from '../pipeline/checkpoint';
import { runRegistry } from '../pipeline/registry';
import { printLine, Terminal } from '../terminal';

export interface CaptionCommandOptions {
  checkpoint?: string;
  prompt?: string;
  jsonl?: boolean;
  backend?: string;
}

/** `simvlm caption`: a line a picture, in order; those that cannot be read are named on standard error, and the exit code is 1. */
export async function caption(files: readonly string[], options: CaptionCommandOptions): Promise<number> {
  const terminal = new Terminal();
  const checkpoint = await readCheckpoint(options.checkpoint);
  await pickBackend(options.backend ? { prefer: options.backend } : {});
  const { model, tokenizer } = openCaptioner(checkpoint, await runRegistry());
  const { predictions, skipped } = await predictCaptions(model, tokenizer, pictureFiles(files), {
    ...(options.prompt !== undefined && { prompt: options.prompt }),
  });
  model.dispose();
  for (const { id: index, text, logProb } of predictions) {
    const image = files[Number(index)]!;
    const id = basename(image, extname(image));
    if (options.jsonl) printLine(JSON.stringify({ id, image, text, logProb }));
    else printLine(files.length === 1 ? text : `${image}: ${text}`);
  }
  for (const reason of skipped.reasons) terminal.error(reason);
  return skipped.count > 0 ? exitCode.failed : exitCode.ok;
}

/** Files as a data set; the id of an example is the place of its file in the list. */
function pictureFiles(files: readonly string[]): ExampleDataset {
  return {
    length: files.length,
    async get(index) {
      const file = files[index]!;
      let bytes: Uint8Array;
      try {
        bytes = await readFile(file);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw new ImageError('IMAGE_UNREADABLE', `${file}: ${code === 'ENOENT' ? 'no such file' : code}`, {
          cause: error,
        });
      }
      try {
        return { id: String(index), text: '', image: await decodeImage(bytes) };
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        throw new ImageError(error.code, `${file}: ${error.message}`, { cause: error });
      }
    },
  };
}
