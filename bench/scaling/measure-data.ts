/** How fast one process makes training rows of picture files, and writes a checkpoint. */
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TENSORS, tensorFiles } from '@simvlm/checkpoint';
import { writeCheckpointFolder } from '@simvlm/checkpoint/node';
import { Random } from '@simvlm/core';
import { createBatchSource, datasetSource, exampleStream, uniformPrefix } from '@simvlm/data';
import { folderDataset } from '@simvlm/data/node';
import { decodeImage } from '@simvlm/image';
import { trainUnigram } from '@simvlm/tokenizer';
import sharp from 'sharp';
import { progress } from '../lib/progress';
import { median } from '../lib/table';
import type { CheckpointSpeed, DataPlane } from './figures';

const FILES = 64;
const [WIDTH, HEIGHT] = [640, 480];
const [ROWS, BATCHES, WARM_UP] = [64, 9, 1];
const CHECKPOINT_BYTES = 2 ** 30;

/** 640 × 480 JPEGs through `folderDataset`, a random crop to 224 pixels, tokenizer and collation, as `simvlm train` does it. */
export async function measureData(): Promise<DataPlane> {
  progress('drawing pictures');
  const folder = mkdtempSync(join(tmpdir(), 'simvlm-scaling-'));
  try {
    const random = Random.fromSeed(1);
    const lines: string[] = [];
    let bytes = 0;
    for (let i = 0; i < FILES; i++) {
      await drawPicture(join(folder, `${i}.jpg`), random.fork(i));
      bytes += statSync(join(folder, `${i}.jpg`)).size;
      const text = Array.from({ length: 12 }, () => random.pick(WORDS)).join(' ');
      lines.push(JSON.stringify({ image: `${i}.jpg`, text }));
    }
    writeFileSync(join(folder, 'captions.jsonl'), `${lines.join('\n')}\n`);
    const source = createBatchSource({
      imageText: {
        stream: exampleStream({
          source: datasetSource(await folderDataset(folder, { decode: file => decodeImage(file) })),
          random,
          pictures: {
            transform: { size: 224, augment: 'crop' },
          },
        }),
        batchSize: ROWS,
        lengthGroups: 2,
      },
      tokenizer: await trainUnigram(lines, { vocabSize: 200, hardVocabLimit: false }),
      maxTextLength: 256,
      prefix: uniformPrefix,
    });
    progress('reading pictures');
    const seconds: number[] = [];
    const cores: number[] = [];
    for (let i = 0; i < BATCHES; i++) {
      const [start, used] = [performance.now(), process.cpuUsage()];
      await source.next();
      const took = (performance.now() - start) / 1e3;
      const { user, system } = process.cpuUsage(used);
      seconds.push(took);
      cores.push((user + system) / 1e6 / took);
    }
    return {
      picturesPerSecond: ROWS / median(seconds.slice(WARM_UP)),
      cores: median(cores.slice(WARM_UP)),
      bytesOfPicture: bytes / FILES,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const WORDS = 'a the red blue small old house dog street near with of on water man two sky'.split(' ');

/** Noise of five sizes, as coarse and as fine as a photograph: about as many bytes, and as much work to decode. */
async function drawPicture(file: string, random: Random): Promise<void> {
  const layers = [];
  for (const [scale, opacity] of [
    [160, 1],
    [40, 0.5],
    [10, 0.3],
    [3, 0.2],
    [1, 0.08],
  ] as const) {
    const [width, height] = [Math.ceil(WIDTH / scale), Math.ceil(HEIGHT / scale)];
    const pixels = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
      i % 4 === 3 ? Math.round(255 * opacity) : random.integer(256),
    );
    const raw = { width, height, channels: 4 } as const;
    layers.push({
      input: await sharp(pixels, { raw }).resize(WIDTH, HEIGHT, { fit: 'fill' }).png().toBuffer(),
    });
  }
  await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#888' } })
    .composite(layers)
    .jpeg({ quality: 90 })
    .toFile(file);
}

/** A GiB of weights as the trainer writes them, synced to the disk. */
export async function measureCheckpoint(): Promise<CheckpointSpeed> {
  progress('writing a checkpoint');
  const folder = mkdtempSync(join(tmpdir(), 'simvlm-scaling-'));
  const tensor = 2 ** 24;
  const values = new Float32Array(tensor / 4);
  randomFillSync(values);
  const tensors = new Map(
    Array.from({ length: CHECKPOINT_BYTES / tensor }, (_, i) => [
      `weights.${i}`,
      { dtype: 'F32', shape: [values.length], read: async () => values } as const,
    ]),
  );
  try {
    const rates: number[] = [];
    let bytes = 0;
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      bytes = await writeCheckpointFolder(
        join(folder, `${i}`),
        new Map(tensorFiles(TENSORS.weights, tensors, {})),
      );
      rates.push(bytes / ((performance.now() - start) / 1e3));
      rmSync(join(folder, `${i}`), { recursive: true });
    }
    return { bytesPerSecond: median(rates), bytes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
