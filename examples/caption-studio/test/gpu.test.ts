import { BackendError } from '@simvlm/core';
import { SimVlm } from '@simvlm/model';
import { registerBackendProvider } from '@simvlm/runtime';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { takeSoftwareDriver } from '../../../scripts/parts/chromium';
import { needs } from '../../../scripts/parts/needs';
import { Backend } from '../src/engine/backend';
import { gpuLost } from '../src/engine/failures';
import {
  FakeOpfs,
  failureOf,
  listener,
  newEngine,
  settings,
  smallCheckpoint,
  someLessons,
  weightsOf,
} from './fixture';

const { test: testOnDawn } = await needs('webgpu');

let shipped: Awaited<ReturnType<typeof smallCheckpoint>>;
let lessons: Awaited<ReturnType<typeof someLessons>>;
beforeAll(async () => {
  shipped = await smallCheckpoint();
  lessons = await someLessons();
});
afterEach(() => vi.restoreAllMocks());

/** The backend wasm, which is lost on demand: then all that the model does throws, until a device is asked for again. */
class LosableBackend extends Backend {
  devices = 1;
  #isLost = false;

  constructor() {
    super({ prefer: 'wasm' });
    for (const method of ['lossOf', 'generate', 'saveWeights'] as const) {
      const original = SimVlm.prototype[method] as (...args: never[]) => unknown;
      const isLost = () => this.#isLost;
      vi.spyOn(SimVlm.prototype, method).mockImplementation(function (this: SimVlm, ...args: unknown[]) {
        if (isLost()) throw new BackendError('BACKEND_FAILED', 'webgpu: the device was lost');
        return original.apply(this, args as never[]) as never;
      });
    }
  }

  override async ready() {
    if (this.#isLost) this.devices++;
    this.#isLost = false;
    return super.ready();
  }

  override get failure() {
    return this.#isLost ? gpuLost('made up') : undefined;
  }

  override lose() {
    this.#isLost = true;
    return true;
  }
}

async function started(opfs: FakeOpfs | null = new FakeOpfs()) {
  const backend = new LosableBackend();
  const engine = newEngine({ shipped, opfs, backend });
  await engine.start(() => {});
  return { backend, engine };
}

describe('a GPU that is lost', () => {
  test('during a caption: said, and the next call has another device and leaks nothing', async () => {
    const { backend, engine } = await started();
    const picture = lessons[0]!.picture;
    const { text } = await engine.caption(picture, () => {});
    const before = await engine.memory();
    for (let loss = 0; loss < 2; loss++) {
      const caption = engine.caption(picture, () => {});
      await engine.loseDevice();
      expect(await failureOf(caption)).toMatchObject({ code: 'GPU_LOST', detail: 'made up' });
      expect((await engine.caption(picture, () => {})).text).toBe(text);
    }
    expect(backend.devices).toBe(3);
    expect(await engine.memory()).toEqual(before);
  });

  test('while nothing runs: the next call does not even notice', async () => {
    const { backend, engine } = await started();
    const { text } = await engine.caption(lessons[0]!.picture, () => {});
    await engine.loseDevice();
    expect((await engine.caption(lessons[0]!.picture, () => {})).text).toBe(text);
    expect(backend.devices).toBe(2);
  });

  test.each([
    ['with OPFS', () => new FakeOpfs()],
    ['without', () => null],
  ])('during a training, %s: it goes on from its last checkpoint, bit for bit', async (_, opfs) => {
    const whole = await started();
    const all = listener();
    await whole.engine.teach(lessons, settings, all.callbacks);
    vi.restoreAllMocks();

    const { engine } = await started(opfs());
    let caption: Promise<unknown> | undefined;
    const { heard, callbacks } = listener(async ({ step }) => {
      if (step === 4 && heard.steps.length === 4) void engine.pause();
      if (step !== 7 || heard.steps.length !== 7) return;
      await engine.loseDevice();
      // Between two steps, on the device that is gone: it must not take the model from under the training.
      caption = failureOf(engine.caption(lessons[0]!.picture, () => {}));
    });
    await engine.teach(lessons, settings, callbacks);
    const status = await engine.teach(lessons, settings, callbacks);
    expect(status).toMatchObject({ state: 'failed', step: 4, steps: 12, error: { code: 'GPU_LOST' } });
    expect(await caption).toMatchObject({ code: 'GPU_LOST' });
    expect(heard.statuses.at(-1)).toEqual(status);
    expect(await engine.teach(lessons, settings, callbacks)).toMatchObject({ state: 'done' });
    // Steps 5 to 7 are taken once more, with the same losses.
    const losses = all.heard.steps.map(({ loss }) => loss);
    expect(heard.steps.map(({ loss }) => loss)).toEqual([...losses.slice(0, 7), ...losses.slice(4)]);
    expect(await weightsOf(engine)).toBe(await weightsOf(whole.engine));
  });

  test('before the first checkpoint of a training: it begins again, with the model as it was', async () => {
    const { engine } = await started();
    const before = await weightsOf(engine);
    const { heard, callbacks } = listener(async ({ step }) => {
      if (step === 2 && heard.steps.length === 2) await engine.loseDevice();
    });
    expect(await engine.teach(lessons, settings, callbacks)).toMatchObject({ state: 'failed', step: 0 });
    expect(await weightsOf(engine)).toBe(before);
    expect(await engine.teach(lessons, settings, callbacks)).toMatchObject({ state: 'done' });
    expect(heard.steps[2]).toMatchObject({ step: 1, loss: heard.steps[0]!.loss });
  });
});

describe('which backend is taken', () => {
  const real = () => import('@simvlm/backend-webgpu');

  test('after a loss another device; after the third, or without one, wasm, and it says why', async () => {
    let devices = 0;
    let isThere = true;
    registerBackendProvider({
      name: 'webgpu',
      rank: 300,
      check: async () => ({ available: isThere, reason: isThere ? 'made up' : 'no adapter' }),
      async activate() {
        devices++;
        let failure: object | undefined;
        const device = { destroy: () => (failure = { kind: 'lost', message: 'destroyed' }) };
        if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu');
        const made = Object.defineProperty({ device, dispose() {} }, 'failure', { get: () => failure });
        tf.registerBackend('webgpu', () => made as never);
        return 'a made up adapter';
      },
    });
    const backend = new Backend({ prefer: 'webgpu' });
    expect(await backend.ready()).toMatchObject({ name: 'webgpu', detail: 'a made up adapter' });
    expect(await backend.ready()).toMatchObject({ name: 'webgpu' });
    expect(devices).toBe(1);
    for (let loss = 1; loss < 3; loss++) {
      expect(backend.failure).toBeUndefined();
      expect(backend.lose()).toBe(true);
      expect(backend.failure).toMatchObject({ code: 'GPU_LOST', detail: 'destroyed' });
      expect(await backend.ready()).toMatchObject({ name: 'webgpu' });
      expect(devices).toBe(1 + loss);
    }
    backend.lose();
    const taken = { name: 'wasm', reason: 'the graphics card was lost, and did not come back' };
    expect(await backend.ready()).toMatchObject(taken);
    expect(backend.failure).toBeUndefined();
    expect(backend.lose()).toBe(false);

    const other = new Backend({ prefer: 'webgpu' });
    await other.ready();
    other.lose();
    isThere = false;
    expect(await other.ready()).toMatchObject(taken);
    if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu');
  });

  testOnDawn(
    'a real device, on Dawn: the loss is known, and another one captions the same',
    async () => {
      takeSoftwareDriver();
      const { registerWebGpuBackend } = await real();
      registerBackendProvider({
        ...{ name: 'webgpu', rank: 300, check: async () => ({ available: true, reason: 'made up' }) },
        activate: async ({ software = false }) => (await registerWebGpuBackend({ software })).adapter,
      });
      const engine = newEngine({ shipped, backend: { prefer: 'webgpu', software: true } });
      expect((await engine.start(() => {})).backend.name).toBe('webgpu');
      const picture = lessons[0]!.picture;
      const scores = await engine.compare(picture, ['a red disc', 'a blue cross']);
      const running = failureOf(engine.compare(picture, ['a red disc', 'a blue cross']));
      expect(await engine.loseDevice()).toBe(true);
      expect(await running).toMatchObject({ code: 'GPU_LOST' });
      expect(await engine.compare(picture, ['a red disc', 'a blue cross'])).toEqual(scores);
      expect((await engine.info()).backend.name).toBe('webgpu');
    },
    300_000,
  );
});
