import { type Remote, wrap } from 'comlink';
import type { Zip } from './zip-worker';
import ZipWorker from './zip-worker?worker';

/** Packs or unpacks in a worker that ends with it. */
export async function withZip<T>(use: (zip: Remote<Zip>) => Promise<T>): Promise<T> {
  const worker = new ZipWorker();
  try {
    return await use(wrap<Zip>(worker));
  } finally {
    worker.terminate();
  }
}
