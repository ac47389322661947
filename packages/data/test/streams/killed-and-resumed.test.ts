import type { Worker } from 'node:worker_threads';
import { type BatchSource, type PrefixLmBatch, Random, type SampleSource } from '@simvlm/core';
import { openPicturePool, type PicturePool } from '@simvlm/image';
import { afterAll, describe, expect, test } from 'vitest';
import { createBatchSource, exampleStream, openSource, prefetch } from '../../src/index';
import { placeAt } from '../../src/node';
import { common, plainly } from '../fixture';
import { fixture } from '../readers/read-all';

const formats = {
  tar: ['webdataset/plain-000000.tar', 'webdataset/plain-000001.tar', 'webdataset/plain-000003.tar'],
  Parquet: ['parquet/train-00000-of-00001.parquet'],
  CSV: ['tables/pairs.csv'],
} as const;

/** Random points of a run at which it is killed. */
const POINTS = 50;
/** Batches of three rows, over several epochs. */
const STEPS = 60;

const pools = new Map<number, PicturePool>([0, 1, 3].map(workers => [workers, openPicturePool({ workers })]));
afterAll(async () => {
  for (const pool of pools.values()) await pool.close();
});

async function sourceOf(format: keyof typeof formats): Promise<SampleSource> {
  const map = format === 'CSV' ? { image: 'picture' } : undefined;
  return openSource(await placeAt(formats[format].map(fixture)), { ...(map && { map }) });
}

function batchesOf(source: SampleSource, pool: PicturePool): BatchSource<PrefixLmBatch> {
  const stream = exampleStream({
    ...{ source, random: Random.fromSeed(3), shuffle: 5, skipLimit: 1 },
    pictures: { transform: { size: 8, augment: 'crop' }, pool },
  });
  return prefetch(createBatchSource({ ...common, imageText: { stream, batchSize: 3 } }), 1);
}

describe.each(['tar', 'Parquet', 'CSV'] as const)('%s', format => {
  test('killed at any point and resumed, with any number of workers, a run has the same batches', async () => {
    const source = await sourceOf(format);
    const whole: string[] = [];
    const states: string[] = [];
    const uninterrupted = batchesOf(source, pools.get(0)!);
    for (let step = 0; step < STEPS + 2; step++) {
      states.push(JSON.stringify(uninterrupted.state()));
      whole.push(plainly(await uninterrupted.next()));
    }
    expect(new Set(whole).size).toBe(whole.length);
    const random = Random.fromSeed(9).fork(format);
    for (let point = 0; point < POINTS; point++) {
      const [step, workers] = [random.integer(STEPS), [0, 1, 3][point % 3]!];
      const resumed = batchesOf(source, pools.get(workers)!);
      resumed.restore([JSON.parse(states[step]!)]);
      for (const next of [step, step + 1]) expect(plainly(await resumed.next())).toBe(whole[next]);
      expect(JSON.stringify(resumed.state())).toBe(states[step + 2]);
      await resumed.close?.();
    }
  });
});

test('with workers or without a run has the same batches from its beginning', async () => {
  const source = await sourceOf('tar');
  const runs = await Promise.all(
    [0, 1, 3].map(async workers => {
      const batches = batchesOf(source, pools.get(workers)!);
      const all: string[] = [];
      for (let step = 0; step < 12; step++) all.push(plainly(await batches.next()));
      return all;
    }),
  );
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]).toEqual(runs[0]);
});

test('workers that are killed in their work change nothing, and that is told', async () => {
  const source = await sourceOf('tar');
  const [threads, problems]: [Worker[], string[]] = [[], []];
  const onWorker = (worker: Worker) => void threads.push(worker);
  process.on('worker', onWorker);
  const pool = openPicturePool({ workers: 2, onProblem: ({ message }) => problems.push(message) });
  try {
    const [whole, batches] = [batchesOf(source, pools.get(0)!), batchesOf(source, pool)];
    for (let step = 0; step < 12; step++) {
      if (step % 4 === 3) await threads.at(-1)!.terminate();
      expect(plainly(await batches.next())).toBe(plainly(await whole.next()));
    }
    expect(problems.length).toBeGreaterThanOrEqual(3);
    expect(batches.skipped()).toEqual(whole.skipped());
  } finally {
    process.off('worker', onWorker);
    await pool.close();
  }
});
