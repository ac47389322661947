/** One implementation in a process of its own: it answers `{ from, count }` with `{ losses, milliseconds }`. */
import { batch, type Runner, small } from './setup';

const runners: Record<string, () => Promise<Runner>> = {
  async 'tfjs-wasm'() {
    // As its users import it: with gradients.
    const tf = await import('@tensorflow/tfjs');
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const { createRequire } = await import('node:module');
    const { dirname } = await import('node:path');
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
    await tf.setBackend('wasm');
    return (await import('./tfjs')).tfjsRunner(small);
  },
  async 'simvlm-wasm'() {
    const tf = await import('@tensorflow/tfjs-core');
    const { registerWasmBackend } = await import('@simvlm/backend-wasm');
    await registerWasmBackend();
    await tf.setBackend('wasm');
    return (await import('./ours')).oursRunner(small);
  },
  'jax-js': async () => (await import('./jax')).jaxRunner(small, 'wasm'),
};

const make = runners[process.argv[2] ?? ''];
if (!make)
  throw new Error(`no implementation "${process.argv[2]}"; there are ${Object.keys(runners).join(', ')}`);
const runner = await make();
process.on('message', async ({ from, count }: { from: number; count: number }) => {
  const losses: number[] = [];
  const milliseconds: number[] = [];
  for (let i = from; i < from + count; i++) {
    const trained = batch(small, i);
    const start = performance.now();
    losses.push(await runner.step(trained));
    milliseconds.push(performance.now() - start);
  }
  process.send!({ losses, milliseconds });
});
process.send!({ versions: runner.versions });
