/**
 * Where a training step of `pnpm bench native` spends its time: ATen's operators and the kernels of tfjs by the processor time that they
 * take, on one thread, so that other work on the machine does not count. `tsx bench/native/profile.ts [STEPS]`; peer_profile.py is PyTorch's.
 */
import { fileURLToPath } from 'node:url';
import { nativeBackend } from '@simvlm/backend-native';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import { AdamW, lossAndGradients } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '../lib/backend';
import { aligned } from '../lib/table';
import { openWeights, problems, readProblem, writeProblem } from './problem';

const WARM_UP = 2;
/** Lines of a table. */
const SHOWN = 25;

interface Spent {
  calls: number;
  milliseconds: number;
}
type Profile = Map<string, Spent>;

const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
let watching = false;

function watched<A extends unknown[], R>(profile: Profile, name: string, run: (...args: A) => R, args: A): R {
  if (!watching) return run(...args);
  const start = processorTime();
  const result = run(...args);
  const spent = profile.get(name) ?? { calls: 0, milliseconds: 0 };
  profile.set(name, spent);
  spent.calls++;
  spent.milliseconds += processorTime() - start;
  return result;
}

/** Every operator that the backend calls. */
function watchOperators(): Profile {
  const profile: Profile = new Map();
  const { aten } = nativeBackend()!;
  const [call, callAll] = [aten.call.bind(aten), aten.callAll.bind(aten)];
  aten.call = (...args) => watched(profile, args[0], call, args);
  aten.callAll = (...args) => watched(profile, args[0], callAll, args);
  return profile;
}

/** Every kernel that tfjs runs. */
function watchKernels(): Profile {
  const profile: Profile = new Map();
  for (const kernel of tf.getKernelsForBackend('native')) {
    const { kernelFunc, kernelName } = kernel;
    kernel.kernelFunc = (...args) => watched(profile, kernelName, kernelFunc, args);
  }
  return profile;
}

function print(title: string, profile: Profile, steps: number): void {
  const rows = [...profile].sort(([, a], [, b]) => b.milliseconds - a.milliseconds).slice(0, SHOWN);
  const cells = rows.map(([name, { calls, milliseconds }]) => [
    name,
    (milliseconds / steps).toFixed(1),
    `${Math.round(calls / steps)}`,
  ]);
  console.log(`\n${aligned([[title, 'ms a step', 'calls'], ...cells])}`);
}

const steps = Number(process.argv[2] ?? 6);
const folder = fileURLToPath(new URL('../../.cache/bench-native/', import.meta.url));
writeProblem(folder, problems.small);
const { versions, detail } = await useBackend({ backend: 'native', device: 'cpu', threads: 1 });
const { batches, config, optimizer: adamw } = readProblem(folder);
const model = SimVlm.create(config, { init: 'zeros' });
await model.loadTensors(await openWeights(folder));
const learner = prefixLmLearner(model);
const optimizer = new AdamW(model.params, adamw);
const [operators, kernels] = [watchOperators(), watchKernels()];
let start = 0;
for (let i = 0; i < WARM_UP + steps; i++) {
  if (i === WARM_UP) start = processorTime();
  watching = i >= WARM_UP;
  const { loss, gradients } = lossAndGradients(learner, [[batches[i % batches.length]!]]);
  await optimizer.apply(gradients, adamw.learningRate);
  tf.dispose([loss, ...gradients.values()]);
}
const whole = (processorTime() - start) / steps;
console.log(`libtorch ${versions.libtorch}, ${detail}: ${whole.toFixed(0)} ms of processor time a step`);
print('operator', operators, steps);
print('kernel', kernels, steps);
