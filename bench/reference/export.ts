/**
 * `tsx bench/reference/export.ts FOLDER [wasm|native]`: what the library computes on a backend, for check.py to compare with the
 * PyTorch reference. A folder for each case: config.json, weights.safetensors, batches.json (whole numbers), and expected.safetensors
 * (images as whole numbers from 0 to 255, logits, losses, gradients).
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SafeTensor, writeSafetensors } from '@simvlm/checkpoint';
import { type PrefixLmBatch, Random } from '@simvlm/core';
import { layout, prefixLmLearner, SimVlm, type SimVlmConfig } from '@simvlm/model';
import { lossAndGradients } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { type BackendChoice, useBackend } from '../lib/backend';
import { cases, mixedBatch } from './cases';

const [folder, backend = 'wasm'] = process.argv.slice(2) as [string, BackendChoice['backend']?];
if (folder === undefined) throw new Error('usage: tsx bench/reference/export.ts FOLDER [wasm|native]');
await useBackend({ backend, threads: 2 });
for (const { name, config } of cases) {
  await exportCase(join(folder, name), config);
  console.log(`${name} on ${backend}`);
}

async function exportCase(path: string, config: SimVlmConfig): Promise<void> {
  mkdirSync(path, { recursive: true });
  const model = SimVlm.create(config, { seed: 1 });
  scatter(model);
  const batches = (['images', 'text', 'bare-text'] as const).map(kind => mixedBatch(config, kind));
  const expected: [string, SafeTensor][] = [];
  const add = async (name: string, tensor: tf.Tensor) =>
    expected.push([name, { shape: tensor.shape, values: (await tensor.data()) as Float32Array }]);
  for (const [i, batch] of batches.entries()) {
    if (batch.images) {
      const { side, pixels } = batch.images;
      expected.push(['images', { shape: [batch.size, side, side, 3], values: Float32Array.from(pixels) }]);
    }
    await add(`logits.${i}`, model.logits(batch));
    await add(`loss.${i}`, model.loss(batch));
  }
  const { loss, gradients } = lossAndGradients(prefixLmLearner(model), [batches]);
  await add('loss', loss);
  for (const [name, gradient] of gradients) await add(`gradient.${name}`, gradient);
  const generated = await generate(model, batches[0]!);
  const description = { batches: batches.map(batch => describe(batch, config)), generated };
  writeFileSync(join(path, 'config.json'), JSON.stringify(config, null, 2));
  writeFileSync(join(path, 'batches.json'), JSON.stringify(description));
  writeFileSync(join(path, 'weights.safetensors'), await model.saveWeights());
  writeFileSync(join(path, 'expected.safetensors'), writeSafetensors(expected));
  model.dispose();
}

/** Other numbers than fresh weights have: with norms of one, biases of zero and branches that begin at zero much would go unseen. */
function scatter(model: SimVlm): void {
  const random = Random.fromSeed(3);
  for (const [name, variable] of model.params) {
    const stream = random.fork(name);
    const { shape } = variable;
    const fanIn = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
    const [mean, deviation] = name.endsWith('gamma')
      ? [1, 0.3]
      : name.endsWith('.weight') && !name.startsWith('embedding')
        ? [0, 1.5 / Math.sqrt(fanIn)]
        : [0, 0.5];
    const values = Float32Array.from({ length: variable.size }, () => mean! + deviation! * stream.normal());
    variable.assign(tf.tensor(values, shape));
  }
}

/** Greedy continuations of the pictures, each behind a prompt of its own length. */
async function generate(model: SimVlm, { tokens, length, size, prefixLengths, images }: PrefixLmBatch) {
  const short = (row: number) => Math.min(prefixLengths[row]!, 5);
  const prompts = Array.from({ length: size }, (_, row) =>
    tokens.slice(row * length, row * length + short(row)),
  );
  const maxLength = model.config.maxTextLength - 5;
  const rows = await model.generate({ images: images!.pixels, prompts, maxLength });
  return {
    prompts: prompts.map(prompt => [...prompt]),
    maxLength,
    rows: rows.map(({ tokens, finished }) => [...tokens, ...(finished ? [model.config.tokens.eos] : [])]),
  };
}

function describe(batch: PrefixLmBatch, config: SimVlmConfig) {
  const { size, length, tokens, textLengths, prefixLengths, images } = batch;
  return {
    tokens: Array.from({ length: size }, (_, row) => [...tokens.subarray(row * length, (row + 1) * length)]),
    text_lengths: [...textLengths],
    prefix_lengths: [...prefixLengths],
    images: images !== undefined,
    // Places of each row that exist: the others hold numbers that mean nothing.
    places: [...layout(batch, config).lengths],
  };
}
