import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CHUNK_BYTES } from '@simvlm/bytes';
import { afterEach, expect, test, vi } from 'vitest';
import { openTensors, TENSORS, type TensorSource, tensorFiles } from '../src/index';
import {
  type FileSystem,
  folderStorage,
  nodeFileSystem,
  openCheckpoint,
  writeCheckpointFolder,
} from '../src/node';
import { temporaryFolder } from './disk';

const MIB = 2 ** 20;
/** As many numbers as 1 GiB of weights, so that weights and both moments take 3 GiB; 32 MiB a tensor. */
const COUNT = 32;
const NUMBERS = 8 * MIB;

/** Nearly all zeros, made when they are asked for, as a device would give them: only one is in memory at a time. */
function tensors(prefix: string): [string, TensorSource][] {
  return Array.from({ length: COUNT }, (_, i) => [
    `${prefix}${i}`,
    {
      shape: [NUMBERS],
      read: async () => {
        const values = new Float32Array(NUMBERS);
        values[i] = i + 1;
        return values;
      },
    },
  ]);
}

/** The disk, on which what is nothing but zeros takes no room and no time. */
const sparseDisk: FileSystem = {
  ...nodeFileSystem,
  async create(path) {
    const file = await open(path, 'w');
    const zeros = Buffer.alloc(CHUNK_BYTES);
    let at = 0;
    return {
      async write(bytes) {
        if (zeros.compare(bytes, 0, bytes.length, 0, bytes.length) !== 0)
          await file.write(bytes, 0, bytes.length, at);
        at += bytes.length;
      },
      sync: () => file.truncate(at),
      close: () => file.close(),
    };
  },
};

/** The largest of what the process has held, in bytes, beyond what it held at first. */
function watchedMemory() {
  const held = () => process.memoryUsage().rss;
  const before = held();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, held());
  }, 5);
  return () => {
    clearInterval(timer);
    return Math.max(most, held()) - before;
  };
}

afterEach(() => vi.restoreAllMocks());

test('a checkpoint of 3 GiB is saved, verified, read and exported, in memory of a tenth of it and buffers below 256 MiB', async () => {
  const root = await temporaryFolder();
  const large: number[] = [];
  const original = globalThis.ArrayBuffer;
  vi.stubGlobal(
    'ArrayBuffer',
    new Proxy(original, {
      construct(target, args, made) {
        if (args[0] > 256 * MIB) large.push(args[0]);
        return Reflect.construct(target, args, made);
      },
    }),
  );
  const grown = watchedMemory();
  await folderStorage(root, { fileSystem: sparseDisk }).save(
    1,
    new Map([
      ...tensorFiles(TENSORS.weights, tensors('w.')),
      ...tensorFiles(TENSORS.optimizer, [...tensors('m.'), ...tensors('v.')]),
    ]),
  );
  const total = 3 * COUNT * NUMBERS * 4;
  expect(grown(), 'while saving').toBeLessThan(total / 10);

  const folder = join(root, 'step-00000001');
  const sizes = await Promise.all(
    (await readdir(folder)).map(async name => (await stat(join(folder, name))).size),
  );
  expect(Math.max(...sizes)).toBeLessThan(1024 * MIB + 100_000);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(total);

  const checkpoint = await openCheckpoint(root);
  const reading = watchedMemory();
  const moments = await openTensors(checkpoint, TENSORS.optimizer);
  for (const [i, name] of ['m.31', 'v.7'].entries()) {
    const values = await moments.tensors.get(name)!.read();
    expect(values[i === 0 ? 31 : 7]).toBe(i === 0 ? 32 : 8);
  }
  // For use the moments are left behind, and weights go from file to file.
  const weights = await openTensors(checkpoint, TENSORS.weights);
  const exported = join(root, 'exported');
  await writeCheckpointFolder(exported, new Map(tensorFiles(TENSORS.weights, weights.tensors)), sparseDisk);
  expect(reading(), 'while reading').toBeLessThan(total / 10);
  const again = await openTensors(await openCheckpoint(exported), TENSORS.weights);
  expect((await again.tensors.get('w.20')!.read())[20]).toBe(21);
  expect(large).toEqual([]);
}, 120_000);
