/**
 * The library in a process of its own: `child.ts FOLDER '{ backend, … }'`. One JSON line when it is ready, one in answer to
 * each `Request`.
 */
import { createInterface } from 'node:readline';
import { SimVlm } from '@simvlm/model';
import { AdamW, CapturedTraining, lossAndGradients } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../lib/backend';
import type { ChildOptions, Generate, Generation, Hello, Memory, Request, Training } from './contest';
import { firstRows, readProblem } from './problem';

const [folder, choice] = process.argv.slice(2) as [string, string];
const before = { ...process.env };
const options = JSON.parse(choice) as ChildOptions;
const report = await useBackend(options);
// What the backend told its libraries, such as OpenBLAS and OpenMP, by the environment.
const settings = Object.fromEntries(
  Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== before[entry[0]]),
);
const detail = options.mode === 'graph' ? `${report.detail}, recorded steps` : report.detail;
const hello: Hello = { ...report, detail, settings };
const problem = readProblem(folder);
const { batches, config } = problem;
const trained = batches.map(batch => firstRows(batch, options.rows ?? batch.size));
const model = SimVlm.create(config);
model.loadWeights(problem.weights);
const optimizer = new AdamW(model.params, problem.optimizer);
const captured = options.mode === 'graph' ? new CapturedTraining(model, optimizer, 0) : undefined;

/** What the trainer does in a step: loss and gradients, clipping by global norm and AdamW, and the numbers that it logs. */
async function step(index: number): Promise<number> {
  const micro = [[trained[index % trained.length]!]];
  if (captured) {
    const results = captured.run(micro, problem.optimizer.learningRate);
    const [value] = await results.loss.data();
    return value!;
  }
  const { loss, gradients } = lossAndGradients(model, micro, 0);
  await optimizer.apply(gradients, problem.optimizer.learningRate);
  tf.dispose(gradients.values());
  const [value] = await loss.data();
  loss.dispose();
  return value!;
}

async function train({ from, count }: { from: number; count: number }): Promise<Training> {
  const losses: number[] = [];
  const milliseconds: number[] = [];
  for (let i = from; i < from + count; i++) {
    const start = performance.now();
    losses.push(await step(i));
    milliseconds.push(performance.now() - start);
  }
  return { losses, milliseconds };
}

async function generate({ rows, tokens }: Generate): Promise<Generation> {
  const perImage = config.imageSize ** 2 * 3;
  const images = batches[0]!.images!.pixels.slice(0, rows * perImage);
  const start = performance.now();
  const generated = await model.generate({ images, ...(tokens && { maxLength: tokens }) });
  const milliseconds = performance.now() - start;
  return { milliseconds, tokens: generated.map(({ tokens }) => [...tokens]) };
}

async function memory(): Promise<Memory> {
  const resident = 1024 * process.resourceUsage().maxRSS;
  if (options.device !== 'cuda') return { resident };
  const { nativeBackend } = await import('@simvlm/backend-native');
  const { devicePeak, devicePeakReserved } = nativeBackend()!.memory();
  return { resident, device: { allocated: devicePeak, reserved: devicePeakReserved } };
}

const answer = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer(hello);
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  if ('train' in request) answer(await train(request.train));
  else if ('generate' in request) answer(await generate(request.generate));
  else answer(await memory());
}
