/**
 * An imported captioner in a process of its own: `child.ts CHECKPOINT PICTURE '{ backend, threads, lora? }'`. One JSON line when it is ready,
 * one in answer to each `Request`.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openTensors, TENSORS } from '@simvlm/checkpoint';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { checkpointModelConfig, prefixLmLearner, SimVlm } from '@simvlm/model';
import { AdamW, lossAndGradients } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { type BackendChoice, useBackend } from '../lib/backend';
import { peakResident, resetPeak } from '../lib/memory';
import { optimizer as adamw } from '../lib/simvlm-problem';

export interface ChildOptions extends BackendChoice {
  /** Rank of the adapters that a training step trains; none without it. */
  readonly lora?: number;
}

export type Request =
  | { readonly generate: { readonly tokens: number } }
  /** A step of LoRA on so many pictures with texts of so many tokens. */
  | { readonly train: { readonly rows: number; readonly tokens: number } };

export interface Generation {
  readonly milliseconds: number;
  /** The new ones. */
  readonly tokens: readonly number[];
}

export interface Step {
  readonly milliseconds: number;
  /** Peak of the process in RAM during the step, in bytes. */
  readonly resident: number;
}

const [folder, picture, choice] = process.argv.slice(2) as [string, string, string];
const { lora, ...backend } = JSON.parse(choice) as ChildOptions;
const report = await useBackend(backend);
const pixels = new Uint8Array(readFileSync(picture));
const checkpoint = await openCheckpoint(folder);
const config = await checkpointModelConfig(checkpoint);
// Adapters of zeros cost what others do.
const model = SimVlm.create({ ...config, ...(lora && { lora: { rank: lora } }) }, { init: 'zeros' });
await model.loadTensors(await openTensors(checkpoint, TENSORS.weights));

async function generate(tokens: number): Promise<Generation> {
  const start = performance.now();
  const [written] = await model.generate({ images: pixels, maxLength: tokens, minLength: tokens });
  return { milliseconds: performance.now() - start, tokens: [...written!.tokens] };
}

const learner = prefixLmLearner(model);
let optimizer: AdamW | undefined;

/** What the trainer does: loss, gradients of the adapters, clipping by global norm, AdamW, and the loss read back. */
async function train(size: number, length: number): Promise<Step> {
  const images = new Uint8Array(size * pixels.length);
  for (let row = 0; row < size; row++) images.set(pixels, row * pixels.length);
  const batch = {
    ...{ size, length, tokens: Int32Array.from({ length: size * length }, (_, i) => 200 + i) },
    ...{ textLengths: new Int32Array(size).fill(length), prefixLengths: new Int32Array(size) },
    images: { side: config.imageSize, pixels: images },
    ids: Array.from({ length: size }, (_, row) => `${row}`),
  };
  optimizer ??= new AdamW(model.trainable, adamw);
  resetPeak();
  const start = performance.now();
  const { loss, gradients } = lossAndGradients(learner, [[batch]]);
  await optimizer.apply(gradients, adamw.learningRate);
  tf.dispose(gradients.values());
  const [value] = await loss.data();
  loss.dispose();
  if (!Number.isFinite(value)) throw new Error(`the loss is ${value}`);
  return { milliseconds: performance.now() - start, resident: peakResident() };
}

const answer = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer(report);
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  if ('generate' in request) answer(await generate(request.generate.tokens));
  else answer(await train(request.train.rows, request.train.tokens));
}
