/** Who makes pictures of 224 pixels of the same files. Each has both cores; one pass is timed at a time. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '@simvlm/core';
import { exampleStream, openSource } from '@simvlm/data';
import { placeAt } from '@simvlm/data/node';
import { openPicturePool } from '@simvlm/image';
import sharp, { type Sharp } from 'sharp';
import { startChild } from '../lib/process';
import { HEIGHT, WIDTH } from './pictures';

const SIZE = 224;
export const WORKERS = 2;
const BATCH = 64;

export interface Contender {
  readonly versions?: Readonly<Record<string, string>>;
  /** Seconds of a pass through all pictures. */
  pass(): Promise<number>;
  close(): Promise<void>;
}

/** Our pipeline: a source in the order of training, its pictures varied by workers, in batches of bytes. */
export async function ours(place: string, count: number): Promise<Contender> {
  const source = await openSource(await placeAt([place]));
  const pool = openPicturePool({ workers: WORKERS });
  const stream = exampleStream({
    ...{ source, random: Random.fromSeed(1), length: count },
    ahead: 2 * BATCH,
    pictures: { transform: { size: SIZE, augment: 'crop' }, pool },
  });
  const batch = new Uint8Array(BATCH * SIZE * SIZE * 3);
  return {
    pass: () =>
      timed(async () => {
        for (let i = 0; i < count; i++) {
          const { example } = await stream.next();
          batch.set(example.image!.data, (i % BATCH) * SIZE * SIZE * 3);
        }
      }),
    async close() {
      await stream.close?.();
      await pool.close();
    },
  };
}

/** `RandomResizedCrop` of torchvision, in its `DataLoader`. */
export async function torchvision(folder: string): Promise<Contender> {
  const python = process.env.SIMVLM_PYTHON ?? 'python3';
  const script = fileURLToPath(new URL('peer.py', import.meta.url));
  const child = await startChild<{ versions: Record<string, string> }>(python, [script, folder, `${SIZE}`]);
  return {
    versions: child.hello.versions,
    pass: async () => (await child.ask<{ seconds: number }>({})).seconds,
    close: () => child.stop(),
  };
}

/** sharp cuts and resizes by itself, four files at a time on the threads that Node has for it. */
export function sharpAlone(folder: string): Contender {
  const random = Random.fromSeed(2);
  return throughSharp(folder, bytes => {
    const width = 224 + random.integer(WIDTH - 224);
    const height = Math.min(HEIGHT, Math.round(width * (0.75 + 0.58 * random.uniform())));
    const box = { left: random.integer(WIDTH - width + 1), top: random.integer(HEIGHT - height + 1) };
    return sharp(bytes)
      .extract({ ...box, width, height })
      .resize(SIZE, SIZE, { fit: 'fill', kernel: 'linear' });
  });
}

/** Files to all of their pixels, and nothing else: what no loader that decodes whole pictures with this decoder can beat. */
export function decodingAlone(folder: string): Contender {
  return throughSharp(folder, bytes => sharp(bytes));
}

function throughSharp(folder: string, work: (bytes: Uint8Array) => Sharp): Contender {
  const files = readdirSync(folder).filter(name => name.endsWith('.jpg'));
  return {
    pass: () =>
      timed(async () => {
        let next = 0;
        const chain = async () => {
          while (next < files.length) {
            await work(readFileSync(join(folder, files[next++]!)))
              .raw()
              .toBuffer();
          }
        };
        await Promise.all(Array.from({ length: 4 }, chain));
      }),
    close: async () => {},
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1e3;
}
