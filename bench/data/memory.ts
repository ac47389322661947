/** Whether memory stays flat in a long run. */
import { Random, type SampleSource } from '@simvlm/core';
import { exampleStream, partsSource } from '@simvlm/data';
import { openPicturePool } from '@simvlm/image';
import sharp from 'sharp';
import { progress } from '../lib/progress';
import type { BenchResult } from '../lib/table';
import { WORKERS } from './contenders';

const [SAMPLES, QUICK_SAMPLES] = [100_000, 5000];
/** Threads, their heaps and what they keep have come by then. */
const WARM_UP = 0.05;
const SIDE = 96;

/** Samples of a synthetic source, a JPEG each, through the pipeline: the resident memory of the process while they pass. */
export async function measureMemory(quick: boolean): Promise<BenchResult> {
  const samples = quick ? QUICK_SAMPLES : SAMPLES;
  const random = Random.fromSeed(3);
  const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, () => random.integer(256));
  const noise = await sharp(data, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .jpeg()
    .toBuffer();
  const pool = openPicturePool({ workers: WORKERS });
  const stream = exampleStream({
    source: syntheticSource(samples, noise),
    length: samples,
    random,
    pictures: { transform: { size: 64, augment: 'crop' }, pool },
  });
  const resident: number[] = [];
  try {
    for (let i = 1; i <= samples; i++) {
      await stream.next();
      if (i % (samples / 100) === 0) resident.push(process.memoryUsage.rss() / 2 ** 20);
      if (i % (samples / 5) === 0) progress(`${i} samples, ${resident.at(-1)!.toFixed(0)} MiB`);
    }
  } finally {
    await stream.close?.();
    await pool.close();
  }
  const later = resident.slice(resident.length * WARM_UP);
  const mebibytes = (what: string, ours: number) =>
    ({ what, ours, peer: null, peerName: null, unit: 'MiB', ratio: null }) as const;
  return {
    versions: {},
    rows: [
      mebibytes(`resident after ${samples * WARM_UP} samples`, later[0]!),
      mebibytes(`resident after ${samples} samples`, later.at(-1)!),
      mebibytes('most in between', Math.max(...later)),
    ],
  };
}

/** Samples with a file of their own each, which is there only when it is read. */
function syntheticSource(samples: number, file: Uint8Array): SampleSource {
  return partsSource('synthetic', [
    {
      name: 'synthetic samples',
      version: async () => samples,
      count: async () => samples,
      async *rows(from) {
        for (let i = Number(from ?? 0); i < samples; i++) {
          const images = [{ path: `${i}.jpg`, bytes: async () => Uint8Array.from(file) }];
          yield { sample: { key: `${i}`, images, text: `picture ${i}` }, after: i + 1 };
        }
      },
    },
  ]);
}
