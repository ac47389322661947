import { DataError, ImageError, Random, type Sample } from '@simvlm/core';
import { drawSamples, firstSamples } from '@simvlm/data/node';
import { exitCode } from '../exit-code';
import { thumbnail } from '../io/encode-picture';
import { openOutput } from '../io/output-file';
import { contactSheetHtml, type SheetPicture, type SheetSample } from '../report/contact-sheet';
import { Terminal } from '../terminal';
import { noteSkipped, openSource } from './data-open';
import type { SourceOptions } from './data-source';

export interface DataShowOptions extends SourceOptions {
  readonly out: string;
  readonly count: number;
  readonly seed: number;
  readonly first?: boolean;
}

/** The longer side of a picture on the sheet, in pixels. */
const SIDE = 200;

/** `simvlm data show`. */
export async function dataShow(sources: readonly string[], options: DataShowOptions): Promise<number> {
  const { out, count, seed, first } = options;
  const terminal = new Terminal();
  const output = await openOutput(out, 'give another file with --out');
  const reader = await openSource(sources, options);
  const random = Random.fromSeed(seed).fork('contact sheet');
  const { samples, chosen } = first
    ? { samples: await firstSamples(reader, count), chosen: 'The first samples, in the order of the data.' }
    : await drawSamples(reader, count, random).then(({ samples, total }) => ({
        samples,
        chosen: `${samples.length.toLocaleString('en')} of ${total.toLocaleString('en')} samples, each as likely (seed ${seed}), in the order of the data.`,
      }));
  const shown: SheetSample[] = [];
  for (const sample of samples) shown.push({ sample, pictures: await picturesOf(sample) });
  const skipped = reader.skipped();
  await output.write(
    contactSheetHtml({ title: sources.join(' '), chosen, samples: shown, skipped: skipped.reasons }),
  );
  terminal.note(`${out}: ${shown.length.toLocaleString('en')} samples`);
  noteSkipped(terminal, skipped);
  return exitCode.ok;
}

function picturesOf({ images }: Sample): Promise<SheetPicture[]> {
  return Promise.all(
    images.map(async image => {
      try {
        const { type, ...picture } = await thumbnail(await image.bytes(), SIDE);
        return { ...picture, format: type };
      } catch (error) {
        if (!(error instanceof DataError || error instanceof ImageError)) throw error;
        return { path: image.path, problem: error.message };
      }
    }),
  );
}
