import { SimVlm } from '@simvlm/model';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  FakeOpfs,
  imported,
  listener,
  newEngine,
  settings,
  sha256,
  smallCheckpoint,
  someLessons,
  weightsOf,
} from './fixture';

let shipped: Awaited<ReturnType<typeof smallCheckpoint>>;
let lessons: Awaited<ReturnType<typeof someLessons>>;
beforeAll(async () => {
  shipped = await smallCheckpoint();
  lessons = await someLessons();
});
afterEach(() => vi.restoreAllMocks());

const weights = 'weights.safetensors';
describe('storage that fails costs no training', () => {
  test.each([
    ['that is full', () => new FakeOpfs({ quota: 20_000 }), 'STORAGE_FULL'],
    ['that is not there', () => null, 'STORAGE_ABSENT'],
  ])('storage %s is said, and the training can be paused and goes on in memory', async (_, opfs, code) => {
    const whole = newEngine({ shipped });
    await whole.start(() => {});
    const all = listener();
    await whole.teach(lessons, settings, all.callbacks);

    const engine = newEngine({ shipped, opfs: opfs() });
    const { notices } = await engine.start(() => {});
    expect(notices.map(notice => notice.code)).toEqual(code === 'STORAGE_ABSENT' ? [code] : []);
    expect(await engine.saved(lessons)).toBeUndefined();
    const { heard, callbacks } = listener(({ step }) => {
      if (step === 5) void engine.pause();
    });
    expect(await engine.teach(lessons, settings, callbacks)).toMatchObject({ state: 'paused', step: 5 });
    expect(await engine.teach(lessons, settings, callbacks)).toMatchObject({ state: 'done' });
    expect(new Set(heard.notices.map(notice => notice.code))).toEqual(new Set([code]));
    expect(heard.steps.map(({ loss }) => loss)).toEqual(all.heard.steps.map(({ loss }) => loss));
    expect(await weightsOf(engine)).toEqual(await weightsOf(whole));
    // An import is taken too, and says that it is not kept.
    const info = await imported(engine, await whole.exportCheckpoint());
    expect(info).toMatchObject({ name: 'taught', notice: { code } });
    expect(await engine.reset()).toMatchObject({ name: 'shipped' });
  });

  test('a saved checkpoint that is damaged: the page starts with the shipped model, and says so', async () => {
    const opfs = new FakeOpfs();
    const before = newEngine({ shipped, opfs });
    await before.start(() => {});
    await before.teach(lessons, { ...settings, steps: 2 }, listener().callbacks);
    for (const path of opfs.paths())
      if (path.endsWith(weights)) opfs.file(path).bytes = opfs.file(path).bytes.subarray(0, 999);
    const engine = newEngine({ shipped, opfs });
    const { model, notices } = await engine.start(() => {});
    expect(model.name).toBe('shipped');
    expect(notices).toMatchObject([
      { code: 'CHECKPOINT_DAMAGED', title: 'What was taught before is damaged' },
    ]);
    expect(await engine.saved(lessons)).toBeUndefined();
    expect(await engine.teach(lessons, { ...settings, steps: 2 }, listener().callbacks)).toMatchObject({
      step: 2,
    });
    const again = newEngine({ shipped, opfs });
    expect(await again.start(() => {})).toMatchObject({ model: { name: 'taught' }, notices: [] });
  });
});

test('a training that runs away is failed, and the last good weights are back', async () => {
  const engine = newEngine({ shipped });
  await engine.start(() => {});
  const { heard, callbacks } = listener(({ step }) => {
    if (step === 3)
      vi.spyOn(SimVlm.prototype, 'lossOf').mockImplementation(function (this: SimVlm, ...args) {
        return tf.mul(original.apply(this, args), Number.NaN) as never;
      });
  });
  const original = SimVlm.prototype.lossOf;
  const status = await engine.teach(lessons, settings, callbacks);
  expect(status).toMatchObject({ state: 'failed', step: 0, error: { code: 'TRAINING_DIVERGED' } });
  expect(heard.statuses.at(-1)).toEqual(status);
  vi.restoreAllMocks();
  expect(await weightsOf(engine)).toBe(sha256(shipped.get(weights)!));
  expect(await engine.teach(lessons, { ...settings, steps: 2 }, listener().callbacks)).toMatchObject({
    state: 'done',
  });
});
