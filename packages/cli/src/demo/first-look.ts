import { readFile } from 'node:fs/promises';
import { samplesFolder } from '@simvlm/checkpoint-emoji';
import type { Registry, RgbImage } from '@simvlm/core';
import { imagePixels } from '@simvlm/data';
import { centerCrop, decodeImage } from '@simvlm/image';
import { openCaptioner } from '@simvlm/run';
import { bundledCheckpoint } from '@simvlm/run/node';
import type { Terminal } from '../terminal';

/** Captions the samples of the bundled model: what a trained one does, seconds after the start. */
export async function firstLook(terminal: Terminal, registry: Registry): Promise<void> {
  const { model, tokenizer } = await openCaptioner(await bundledCheckpoint(), { registry });
  try {
    const captions = JSON.parse(await readFile(new URL('captions.json', samplesFolder), 'utf8')) as Record<
      string,
      string
    >;
    const pictures: RgbImage[] = [];
    for (const file of Object.keys(captions))
      pictures.push(
        centerCrop(await decodeImage(await readFile(new URL(file, samplesFolder))), model.config.imageSize),
      );
    const made = await model.generate({ images: imagePixels(pictures) });
    for (const [row, label] of Object.values(captions).entries()) {
      const text = tokenizer.decode(made[row]!.tokens);
      terminal.note(`${text === label ? '✓' : '✗'} ${label} → ${text || '(nothing)'}`);
    }
  } finally {
    model.dispose();
  }
}
