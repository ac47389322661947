/**
 * The library in a process of its own: `child.ts FOLDER '{ backend, … }'`. One JSON line when it is ready, one in answer to
 * each `Request`.
 */
import { createInterface } from 'node:readline';
import type { PrefixLmBatch } from '@simvlm/core';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import { AdamW, CapturedTraining, lossAndGradients } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '../lib/backend';
import { peakResident, resetPeak } from '../lib/memory';
import type { ChildOptions, Generate, Generation, Hello, Memory, Request, Training } from './contest';
import { openWeights, readProblem, someRows } from './problem';

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
const { batches, config, optimizer: adamw } = readProblem(folder);
const model = SimVlm.create(config, { init: 'zeros' });
await model.loadTensors(await openWeights(folder));
const trained = batches.map(batch => someRows(batch, options.rows ?? batch.size));
const learner = prefixLmLearner(model, { checkpointBlocks: options.checkpointBlocks ?? false });
/** Made for the first step: its moments take twice the memory of the model. */
let training: { optimizer: AdamW; captured: CapturedTraining<PrefixLmBatch> | undefined } | undefined;

function startTraining() {
  const optimizer = new AdamW(model.params, adamw);
  const captured = options.mode === 'graph' ? new CapturedTraining(learner, optimizer) : undefined;
  return { optimizer, captured };
}

/** What the trainer does in a step: loss and gradients, clipping by global norm and AdamW, and the numbers that it logs. */
async function step(index: number): Promise<number> {
  const { optimizer, captured } = (training ??= startTraining());
  const micro = [[trained[index % trained.length]!]];
  if (captured) {
    const results = captured.run(micro, adamw.learningRate);
    const [value] = await results.loss.data();
    return value!;
  }
  const { loss: mean, gradients } = lossAndGradients(learner, micro);
  await optimizer.apply(gradients, adamw.learningRate);
  tf.dispose(gradients.values());
  return numberOf(mean);
}

/** The scalar is disposed. */
async function numberOf(scalar: tf.Scalar): Promise<number> {
  const [value] = await scalar.data();
  scalar.dispose();
  return value!;
}

/** Steps from number `from` on, each with its time. */
async function timed(
  from: number,
  count: number,
  run: (index: number) => Promise<number>,
): Promise<Training> {
  const losses: number[] = [];
  const milliseconds: number[] = [];
  for (let i = from; i < from + count; i++) {
    const start = performance.now();
    losses.push(await run(i));
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
  const resident = peakResident();
  if (options.device !== 'cuda') return { resident };
  const { nativeBackend } = await import('@simvlm/backend-native');
  const { devicePeak, devicePeakReserved } = nativeBackend()!.memory();
  return { resident, device: { allocated: devicePeak, reserved: devicePeakReserved } };
}

const answer = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer(hello);
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  if ('train' in request) answer(await timed(request.train.from, request.train.count, step));
  else if ('forward' in request)
    answer(await timed(0, request.forward.count, () => numberOf(model.loss(trained[0]!))));
  else if ('generate' in request) answer(await generate(request.generate));
  else if ('memory' in request) answer(await memory());
  else {
    resetPeak();
    answer({});
  }
}
