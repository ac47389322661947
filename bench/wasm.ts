/**
 * The small causal language model of bench/small-lm: our wasm backend with fused operations, plain tfjs on its
 * own wasm backend, and jax-js on wasm. Each in its own process, a few steps at a time in turn, so that all see
 * the same machine; medians after warm-up; the losses must agree.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type BenchResult, median, timeRow } from './lib/table';

const ROUNDS = 8;
const STEPS = 6;
const WARM_UP_ROUNDS = 2;
/** Relative; float32 sums in another order drift apart by this much in the first steps. */
const LOSS_TOLERANCE = 2e-3;
/** Milliseconds a step of the same model in PyTorch; see bench/README.md. */
const PYTORCH_MS = 17;
const names = ['simvlm-wasm', 'tfjs-wasm', 'jax-js'] as const;

interface Answer {
  losses: number[];
  milliseconds: number[];
}

export async function run(): Promise<BenchResult> {
  const children = await Promise.all(names.map(start));
  const times = names.map(() => [] as number[]);
  const losses = names.map(() => [] as number[]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, child] of children.entries()) {
      const answer = await child.ask(round * STEPS, STEPS);
      losses[i]!.push(...answer.losses);
      if (round >= WARM_UP_ROUNDS) times[i]!.push(...answer.milliseconds);
    }
  }
  for (const child of children) child.stop();
  for (const [i, list] of losses.entries()) {
    const worst = Math.max(...list.map((loss, step) => Math.abs(loss - losses[0]![step]!) / loss));
    if (!(worst <= LOSS_TOLERANCE))
      throw new Error(`${names[i]} has other losses than ours: ${worst} relative at worst`);
  }
  const [ours, tfjs, jax] = times.map(median) as [number, number, number];
  return {
    versions: Object.assign({}, ...children.map(child => child.versions)),
    rows: [
      timeRow('training step, 1,024 tokens', ours, { name: 'tfjs wasm', value: tfjs }),
      timeRow('training step, 1,024 tokens', ours, { name: 'jax-js wasm', value: jax }),
    ],
    notes: [
      // PyTorch does not install from npm, so that it cannot run here beside the others; its figure is of a machine of this kind.
      `PyTorch (CPU, two threads, another machine, not this run): ${PYTORCH_MS} ms, so that ours takes ${(ours / PYTORCH_MS).toFixed(1)} times as long`,
      `same losses in all three: ${losses[0]![0]!.toFixed(4)} at step 1, ${losses[0]!.at(-1)!.toFixed(4)} at step ${losses[0]!.length}`,
    ],
  };
}

async function start(name: string) {
  const process_ = fork(fileURLToPath(new URL('./small-lm/child.ts', import.meta.url)), [name], {
    execArgv: ['--import', 'tsx'],
  });
  const answer = <T>() =>
    new Promise<T>((resolve, reject) => {
      process_.once('message', message => resolve(message as T));
      process_.once('exit', code => reject(new Error(`${name} ended with code ${code}`)));
    });
  const { versions } = await answer<{ versions: Record<string, string> }>();
  return {
    versions,
    ask(from: number, count: number) {
      const reply = answer<Answer>();
      process_.send({ from, count });
      return reply;
    },
    stop: () => process_.kill(),
  };
}
