import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileSystem, folderStorage, nodeFileSystem, openCheckpoint } from '@simvlm/checkpoint/node';
import { isSimVlmError, type StepMetrics } from '@simvlm/core';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { failingDisk, filesOf, hastyDisk, temporaryFolder } from '../../checkpoint/test/disk';
import { train } from '../src/index';
import { metricsWriter } from '../src/node';
import { batches, run, type Trained, tinyConfig, useBackend } from './tiny';

let folder: string;
let whole: Trained;
beforeAll(async () => {
  await useBackend('wasm');
  whole = await run({ config });
});
beforeEach(async () => {
  folder = await temporaryFolder();
});

let points = 0;
afterAll(() => console.log(`${points} points of failure covered`));

/** Checkpoints at 2 and 4, of which one stays: two saves and a removal. */
const config = { learningRate: 0.01, steps: 4, checkpointSteps: 2, warmup: 2 };
const checkpoints = () => join(folder, 'checkpoints');
const metricsFile = () => join(folder, 'metrics.jsonl');

/** One life of a process: begins, or goes on from the newest checkpoint, as the command line does. */
async function life(disk: FileSystem, warnings: Error[] = []): Promise<Trained> {
  const resume = await folderStorage(checkpoints()).latest();
  const fromStep = resume ? Number(/\d+/.exec(resume.folder.split('step-')[1]!)![0]) : 0;
  const onWarning = (error: Error) => void warnings.push(error);
  const metrics = await metricsWriter(metricsFile(), { fromStep, onWarning, fileSystem: disk });
  const trained = await run({
    config,
    storage: folderStorage(checkpoints(), { fileSystem: disk, keep: { last: 1 } }),
    callbacks: [metrics, { onWarning }],
    ...(resume && { resume }),
  });
  await metrics.flush();
  return trained;
}

const lines = async () =>
  (await readFile(metricsFile(), 'utf8'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as StepMetrics);

async function checkpointsReadable(): Promise<void> {
  for (const name of await readdir(checkpoints()).catch(() => []))
    if (/^step-/.test(name)) await filesOf(openCheckpoint(join(checkpoints(), name)));
}

/** Every operation of a life: of what begins, saves and removes, and of what resumes. */
async function operations(prepare: () => Promise<void>): Promise<number> {
  await prepare();
  const disk = failingDisk(Number.POSITIVE_INFINITY, '', true, true);
  await life(disk);
  return disk.count;
}

/** A process that died after its step 3: a checkpoint of step 2, metrics of all three. */
async function begun(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await nodeFileSystem.makeFolder(folder);
  const metrics = await metricsWriter(metricsFile(), { fileSystem: hastyDisk });
  await run({
    config,
    stopAt: 2,
    storage: folderStorage(checkpoints(), { fileSystem: hastyDisk }),
    callbacks: [metrics],
  });
  await metrics.onStep?.({ ...whole.metrics[2]!, loss: 99 });
  await metrics.flush();
}

async function nothing(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await nodeFileSystem.makeFolder(folder);
}

describe.each([
  ['a run that begins', nothing],
  ['a run that is resumed', begun],
])('%s', (_, prepare) => {
  test('dies at any operation of the disk, and its resume equals a run that never died', async () => {
    const total = await operations(prepare);
    expect(total).toBeGreaterThan(20);
    for (let at = 0; at < total; at++) {
      points++;
      await prepare();
      await life(failingDisk(at, 'EIO', true, true)).catch(() => {});
      await checkpointsReadable();
      const { losses, weights } = await life(hastyDisk);
      // vitest takes seconds to compare bytes one by one.
      expect(Buffer.compare(weights, whole.weights)).toBe(0);
      expect(losses).toEqual(whole.losses.slice(whole.losses.length - losses.length));
      const written = await lines();
      expect(written.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
      expect(written.map(({ loss }) => loss)).toEqual(whole.losses);
      for (const name of await readdir(checkpoints())) expect(name).toMatch(/^step-\d{8}$/);
    }
  }, 120_000);
});

describe('a disk that is full for a while', () => {
  /** Nothing can be written while it is full. */
  function fullDisk(isFull: () => boolean): FileSystem {
    const orFull =
      <A extends unknown[], T>(act: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        if (isFull()) throw Object.assign(new Error('ENOSPC: made up'), { code: 'ENOSPC' });
        return act(...args);
      };
    return {
      ...nodeFileSystem,
      create: orFull(nodeFileSystem.create),
      makeFolder: orFull(nodeFileSystem.makeFolder),
      writeFrom: orFull(nodeFileSystem.writeFrom),
    };
  }

  test('costs its checkpoints and no more: a warning with path and need, the next that fits is written, no metrics are lost', async () => {
    let step = 0;
    const disk = fullDisk(() => step >= 2 && step < 6);
    const warnings: Error[] = [];
    const metrics = await metricsWriter(metricsFile(), {
      fileSystem: disk,
      onWarning: error => void warnings.push(error),
    });
    const trained = await run({
      config: { ...config, steps: 8 },
      storage: folderStorage(checkpoints(), { fileSystem: disk }),
      callbacks: [
        { onStep: now => void (step = now.step) },
        metrics,
        { onWarning: error => void warnings.push(error) },
      ],
    });
    await metrics.flush();
    expect(trained.metrics).toHaveLength(8);
    const messages = warnings.map(({ message }) => message);
    // One of the metrics for as long as it lasts, one of each checkpoint.
    expect(messages.filter(message => message.includes(metricsFile()))).toHaveLength(1);
    const ofCheckpoints = messages.filter(message => message.includes('the checkpoint'));
    expect(ofCheckpoints.map(message => /step-(\d+)/.exec(message)![1])).toEqual(['00000002', '00000004']);
    for (const message of messages)
      expect(message).toMatch(/the disk is full: it takes [\d.]+ (bytes|KiB) and [\d.]+ GiB are free/);
    expect((await readdir(checkpoints())).sort()).toEqual(['step-00000006', 'step-00000008']);
    expect((await lines()).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('a loss that explodes and stays finite', () => {
  test('is told once, and the best checkpoint is kept beside the newest', async () => {
    const model = SimVlm.create(tinyConfig(), { seed: 1 });
    let step = 0;
    const learner = prefixLmLearner(model);
    /** 50 nats more a token. */
    const exploding: typeof learner = {
      ...learner,
      loss: (feeds, training) =>
        tf.tidy(() =>
          tf.add(learner.loss(feeds, training), tf.mul(tf.sum(feeds.weights!), step < 30 ? 0 : 50)),
        ),
    };
    const warnings: Error[] = [];
    await train({
      learner: exploding,
      batches: batches(),
      config: { ...config, steps: 60, checkpointSteps: 10 },
      storage: folderStorage(checkpoints()),
      callbacks: [
        {
          onStep: now => void (step = now.step),
          onWarning(error) {
            if (isSimVlmError(error) && error.code === 'TRAINING_DIVERGED') warnings.push(error);
          },
        },
      ],
    });
    model.dispose();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]!.message).toMatch(/the loss has risen from \d\.\d+ \(step 30\) to \d+\.\d+/);
    const names = (await readdir(checkpoints())).sort();
    expect(names).toEqual(['step-00000030', 'step-00000050', 'step-00000060']);
  });
});
