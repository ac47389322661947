import { signal } from '@preact/signals';
import { proxy, type Remote, wrap } from 'comlink';
import type { BackendInfo, Engine, LoadProgress, ModelInfo } from '../../engine/engine';
import EngineWorker from '../../engine/worker?worker';
import { report } from './notice';

export const phase = signal<'starting' | 'ready' | 'failed'>('starting');
export const progress = signal<LoadProgress | undefined>();
export const backend = signal<BackendInfo | undefined>();
export const model = signal<ModelInfo | undefined>();

/** The worker reads the page's query: `?backend=wasm` takes that backend, `?software=1` allows WebGPU without a GPU. */
export const engine: Remote<Engine> = wrap<Engine>(new EngineWorker({ name: location.search.slice(1) }));

/** The backend is another one after a lost GPU, and the model after teaching. */
export async function refresh(): Promise<void> {
  const now = await engine.info();
  backend.value = now.backend;
  model.value = now.model;
}

/** Starts the engine; a failure is reported and can be tried again. */
export async function startEngine(): Promise<void> {
  phase.value = 'starting';
  try {
    const started = await engine.start(
      proxy((now: LoadProgress) => {
        progress.value = now;
      }),
    );
    backend.value = started.backend;
    model.value = started.model;
    phase.value = 'ready';
    for (const notice of started.notices) report(notice);
  } catch (error) {
    phase.value = 'failed';
    report(error);
  }
}
