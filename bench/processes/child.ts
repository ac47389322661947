/**
 * One process of a training: `child.ts FOLDER '{ place?, config, rows }'`. It runs `train` of the library, whose steps wait for permission:
 * `{ steps: n }` is answered with the milliseconds of n steps, or with what it holds for `{ held: true }`.
 */
import { createInterface } from 'node:readline';
import { joinProcessGroup, nativeBackend, type ProcessPlace } from '@simvlm/backend-native';
import type { BatchSource } from '@simvlm/core';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import { type TrainConfig, train } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '../lib/backend';
import { openWeights, readProblem, someRows } from '../native/problem';

export interface ChildOptions {
  /** One of several; without it a process on its own. */
  readonly place?: ProcessPlace;
  readonly config: Partial<TrainConfig>;
  /** Of a batch, for this process. */
  readonly rows: number;
}

export type Request = { readonly steps: number } | { readonly held: true };

const [folder, choice] = process.argv.slice(2) as [string, string];
const { place, config, rows } = JSON.parse(choice) as ChildOptions;
const hello = await useBackend({ backend: 'native', device: 'cpu', threads: 1 });
const problem = readProblem(folder);
const model = SimVlm.create(problem.config, { init: 'zeros' });
await model.loadTensors(await openWeights(folder));
const batches = problem.batches.map(batch => someRows(batch, rows, (place?.rank ?? 0) * rows));
const answer = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Ends a round when it is asked for the batch after its last: by then the step before is done, in all processes. */
const paced = (() => {
  let left = 0;
  let given = 0;
  let since = 0;
  let go = () => {};
  const source: BatchSource = {
    ...(place && { share: { rank: place.rank, size: place.size } }),
    async next() {
      if (left === 0) {
        if (given > 0) answer({ milliseconds: performance.now() - since });
        await new Promise<void>(resolve => {
          go = resolve;
        });
      }
      left--;
      return [batches[given++ % batches.length]!];
    },
    state: () => given,
    restore: () => {},
    skipped: () => ({ count: 0, draws: 0, reasons: [] }),
  };
  return {
    source,
    start(steps: number) {
      left = steps;
      since = performance.now();
      go();
    },
  };
})();

const group = place && (await joinProcessGroup(place, { timeout: 300 }));
answer(hello);
void train({
  learner: prefixLmLearner(model),
  batches: paced.source,
  config: { ...problem.optimizer, schedule: 'constant', steps: 1e6, ...config },
  ...(group && { processGroup: group }),
}).catch(error => {
  console.error(error);
  process.exit(1);
});
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  if ('steps' in request) paced.start(request.steps);
  else answer({ ...tf.memory(), resident: process.memoryUsage().rss, device: nativeBackend()!.device });
}
