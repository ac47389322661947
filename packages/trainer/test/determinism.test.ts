import {
  type CheckpointFiles,
  type CheckpointStorage,
  fileOf,
  memoryStorage,
  readSafetensors,
  writeSafetensors,
} from '@simvlm/checkpoint';
import { folderStorage, openCheckpoint } from '@simvlm/checkpoint/node';
import { DataError } from '@simvlm/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../checkpoint/test/disk';
import {
  batches,
  type DataOptions,
  errorOf,
  everyCheckpoint,
  type RunOptions,
  run,
  useBackend,
} from './tiny';

/** Trains without a stop, and with one: a new process would know of the first part only what `storage` kept. */
async function stoppedAndResumed(
  storage: CheckpointStorage & { readonly files?: CheckpointFiles | undefined },
  options: RunOptions = {},
  data: DataOptions = {},
  spoil = (files: CheckpointFiles) => files,
) {
  const whole = await run({ ...options, batches: batches(data) });
  const first = await run({ ...options, batches: batches(data), storage, stopAt: 5 });
  const resume = storage.files ? spoil(storage.files) : (await storage.latest())!;
  const second = await run({ ...options, batches: batches(data), resume, seed: 99 });
  return { whole, first, second };
}

describe.each(['cpu', 'wasm'] as const)('on %s', backend => {
  beforeAll(() => useBackend(backend));

  test('the same seeds give the same losses and weights, bit for bit', async () => {
    const [a, b] = [await run(), await run()];
    expect(b.losses).toEqual(a.losses);
    expect(b.weights).toEqual(a.weights);
    expect(a.losses.at(-1)).not.toBe(a.losses[0]);
  });

  test('another seed of the weights or of the data gives other losses', async () => {
    const { losses } = await run();
    expect((await run({ seed: 2 })).losses).not.toEqual(losses);
    expect((await run({ batches: batches({ seed: 2 }) })).losses[0]).not.toBe(losses[0]);
  });

  test('a resumed run equals the uninterrupted one, bit for bit', async () => {
    const { whole, first, second } = await stoppedAndResumed(memoryStorage());
    expect([...first.losses, ...second.losses]).toEqual(whole.losses);
    expect(second.weights).toEqual(whole.weights);
    expect(first.losses.length).toBe(5);
  });
});

describe('a resumed run equals the uninterrupted one', () => {
  beforeAll(() => useBackend('wasm'));

  test.each<[string, RunOptions, DataOptions]>([
    ['with two batches a step', { config: { accumulate: 2 } }, {}],
    ['with documents beside the pairs', {}, { documents: true }],
    ['with documents alone', {}, { images: false, documents: true }],
    ['with batches made ahead', {}, { ahead: 3 }],
    [
      'with all of it, smoothed labels and a cosine',
      { learner: { labelSmoothing: 0.1 }, config: { accumulate: 2, schedule: 'cosine' } },
      { documents: true, ahead: 2 },
    ],
    ['with a decoder-only model', { model: { architecture: 'decoder-only' } }, { documents: true }],
  ])('%s', async (_, options, data) => {
    const { whole, first, second } = await stoppedAndResumed(memoryStorage(), options, data);
    expect([...first.losses, ...second.losses]).toEqual(whole.losses);
    expect(second.weights).toEqual(whole.weights);
    const counts = ({ step, rows, count }: (typeof whole.metrics)[number]) => [step, rows, count];
    expect([...first.metrics, ...second.metrics].map(counts)).toEqual(whole.metrics.map(counts));
  });

  test('through a folder on disk', async () => {
    const folder = await temporaryFolder();
    const { whole, first, second } = await stoppedAndResumed(folderStorage(folder), {}, { documents: true });
    expect([...first.losses, ...second.losses]).toEqual(whole.losses);
    expect(second.weights).toEqual(whole.weights);
    expect(await fileOf(await openCheckpoint(folder), 'weights.safetensors')).toEqual(first.weights);
  });

  test('from a checkpoint in the middle of a run that went on', async () => {
    const { kept, storage } = everyCheckpoint();
    const whole = await run({ storage, config: { checkpointSteps: 4 } });
    expect(kept.length).toBe(3);
    const rest = await run({ resume: kept[1]!, seed: 99 });
    expect(rest.losses).toEqual(whole.losses.slice(8));
    expect(rest.weights).toEqual(whole.weights);
  });

  test('a run that was stopped at every step', async () => {
    const storage = memoryStorage();
    const whole = await run({ config: { steps: 6 } });
    const losses: number[] = [];
    for (let stopAt = 1; stopAt <= 6; stopAt++) {
      const resume = await storage.latest();
      const part = await run({
        storage,
        stopAt,
        config: { steps: 6 },
        seed: stopAt,
        ...(resume && { resume }),
      });
      losses.push(...part.losses);
    }
    expect(losses).toEqual(whole.losses);
  });
});

test('mistake: resuming with another seed of the data is refused', async () => {
  await useBackend('wasm');
  const storage = memoryStorage();
  await run({ storage, stopAt: 3 });
  const error = await errorOf(run({ resume: (await storage.latest())!, batches: batches({ seed: 2 }) }));
  expect(error).toBeInstanceOf(DataError);
});

describe('mistakes of other implementations, which the tests above would find', () => {
  beforeAll(() => useBackend('wasm'));

  const change = (name: string, edit: (bytes: Uint8Array) => Uint8Array) => (files: CheckpointFiles) =>
    new Map([...files].map(([file, bytes]) => [file, file === name ? edit(bytes) : bytes]));
  const trainerState = (edit: (state: Record<string, unknown>) => object) =>
    change('trainer.json', bytes =>
      new TextEncoder().encode(JSON.stringify(edit(JSON.parse(new TextDecoder().decode(bytes))))),
    );

  test.each<[string, (files: CheckpointFiles) => CheckpointFiles]>([
    [
      'mistake: resuming without the data position',
      trainerState(state => ({ ...state, data: [batches().state()] })),
    ],
    [
      'mistake: an optimiser state reported as restored that was not',
      change('optimizer.safetensors', bytes =>
        writeSafetensors(
          [...readSafetensors(bytes).tensors].map(([name, { shape, values }]) => [
            name,
            { shape, values: new Float32Array(values.length) },
          ]),
        ),
      ),
    ],
    ['mistake: a step counter that starts anew', trainerState(state => ({ ...state, step: 0 }))],
  ])('%s gives another curve', async (_, spoil) => {
    const { whole, second } = await stoppedAndResumed(memoryStorage(), {}, {}, spoil);
    expect(second.losses.slice(0, 7)).not.toEqual(whole.losses.slice(5));
    expect(second.weights).not.toEqual(whole.weights);
  });
});
