/**
 * The library in a process of its own: `child.ts FOLDER '{ backend, … }'`. One JSON line when it is ready, one in answer to
 * each `{ train: { from, count } }` and `{ generate: { rows } }`.
 */
import { createInterface } from 'node:readline';
import { SimVlm } from '@simvlm/model';
import { AdamW, lossAndGradients } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs';
import { type BackendChoice, useBackend } from '../lib/backend';
import type { Generation, Hello, Request, Training } from './contest';
import { readProblem } from './problem';

const [folder, choice] = process.argv.slice(2) as [string, string];
const before = { ...process.env };
const report = await useBackend(JSON.parse(choice) as BackendChoice);
// What the backend told its libraries, such as OpenBLAS and OpenMP, by the environment.
const settings = Object.fromEntries(
  Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== before[entry[0]]),
);
const hello: Hello = { ...report, settings };
const problem = readProblem(folder);
const { batches, config } = problem;
const model = SimVlm.create(config);
model.loadWeights(problem.weights);
const optimizer = new AdamW(model.params, problem.optimizer);

/** What the trainer does in a step: loss and gradients, clipping by global norm and AdamW, and the numbers that it logs. */
async function step(index: number): Promise<number> {
  const { loss, gradients } = lossAndGradients(model, [[batches[index % batches.length]!]], 0);
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

async function generate({ rows }: { rows: number }): Promise<Generation> {
  const perImage = config.imageSize ** 2 * 3;
  const images = batches[0]!.images!.pixels.slice(0, rows * perImage);
  const start = performance.now();
  const generated = await model.generate({ images });
  const milliseconds = performance.now() - start;
  return { milliseconds, tokens: generated.map(({ tokens }) => [...tokens]) };
}

const answer = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer(hello);
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  answer('train' in request ? await train(request.train) : await generate(request.generate));
}
