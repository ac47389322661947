/** SimVLM on tfjs's WebGPU backend, as ours or as tfjs's own: training, decoding and the device's matrix products. */
import { writeSafetensors } from '@simvlm/checkpoint';
import type { PrefixLmBatch } from '@simvlm/core';
import { prefixLmLearner, SimVlm } from '@simvlm/model';
import { canAdamwInPlace, packBytes } from '@simvlm/ops';
import { AdamW, CapturedTraining } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { batchOf, optimizer as options, startingWeights, wholeTexts } from '../lib/simvlm-problem';
import type { Observed } from './observe';
import type { Scale } from './problem';
import type { DecoderMemory, Generation, Logits, Request } from './protocol';
import { measureSteps } from './steps';

export function simvlmRunner(
  observed: Observed,
  { config, rows }: Scale,
): (request: Request) => Promise<unknown> {
  const model = SimVlm.create(config, { init: 'zeros' });
  model.loadWeights(writeSafetensors(startingWeights(config)));
  let step: Step | undefined;
  return async request => {
    if ('train' in request) {
      // Made when it is needed: a model that only decodes has no moments.
      step ??= stepOf(model);
      return measureSteps(observed, request.train, i => batchOf({ config, rows }, i), step);
    }
    if ('generate' in request) return generation(model, observed, request.generate);
    if ('memory' in request) return memory(model, request.memory.rows);
    if ('logits' in request) return logits(model, request.logits.tokens);
    if ('multiply' in request) return multiply(request.multiply.extent);
    throw new Error(`SimVLM is not asked for ${Object.keys(request)}`);
  };
}

/** Pictures to caption. */
function images({ config }: SimVlm, rows: number): Uint8Array {
  return batchOf({ config, rows }, 0).images!.pixels;
}

/** Trains on one batch and gives its loss. */
type Step = (batch: PrefixLmBatch) => Promise<number>;

/** As the trainer does it on this backend: with `captureSteps`, which overwrites parameters and moments, where there is that. */
function stepOf(model: SimVlm): Step {
  const optimizer = new AdamW(model.params, options);
  if (canAdamwInPlace()) {
    const training = new CapturedTraining(prefixLmLearner(model), optimizer);
    return async batch => {
      const { loss } = training.run([[batch]], options.learningRate);
      return (await loss.data())[0]!;
    };
  }
  // What tfjs itself has for gradients.
  return async batch => {
    const { value: loss, grads } = tf.variableGrads(() => model.loss(batch), model.params.values());
    const gradients = model.params.map(variable => grads[variable.name] ?? tf.zerosLike(variable));
    await optimizer.apply(gradients, options.learningRate);
    tf.dispose(gradients.values());
    const [value] = await loss.data();
    loss.dispose();
    return value!;
  };
}

async function generation(
  model: SimVlm,
  observed: Observed,
  { rows, tokens }: { rows: number; tokens: number },
): Promise<Generation> {
  const pixels = images(model, rows);
  const [start, before] = [performance.now(), observed.launches];
  const generated = await model.generate({ images: pixels, maxLength: tokens });
  return {
    milliseconds: performance.now() - start,
    launches: observed.launches - before,
    tokens: generated.map(row => [...row.tokens]),
  };
}

async function memory(model: SimVlm, rows: number): Promise<DecoderMemory> {
  const { keys, values } = tf.tidy(() => {
    const packed = packBytes(images(model, rows), rows);
    const { layers } = model.network.encode({
      images: tf.tensor2d(packed, [rows, packed.length / rows], 'int32'),
      prefixLengths: tf.zeros([rows], 'int32'),
    });
    const headsFirst = (x: tf.Tensor4D) => tf.transpose(x, [0, 2, 1, 3]);
    return { keys: layers.map(({ k }) => headsFirst(k)), values: layers.map(({ v }) => headsFirst(v)) };
  });
  const numbers = (list: tf.Tensor[]) => Promise.all(list.map(async tensor => [...(await tensor.data())]));
  const made = { rows, keys: await numbers(keys), values: await numbers(values) };
  tf.dispose([keys, values]);
  return made;
}

async function logits(model: SimVlm, tokens: readonly number[]): Promise<Logits> {
  const result = model.logits({
    ...wholeTexts(Int32Array.from(tokens), 1),
    images: { side: model.config.imageSize, pixels: images(model, 1) },
  });
  const values = [...(await result.data())];
  result.dispose();
  return values;
}

/** Milliseconds of a float32 product of two square matrices, the best of a few: what the device can do with this backend. */
async function multiply(extent: number): Promise<number> {
  const [a, b] = [tf.randomUniform([extent, extent]), tf.randomUniform([extent, extent])];
  const products = 3;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    // Read one number only: copying the whole product would be measured too.
    const last = tf.tidy(() => {
      let x = a;
      for (let i = 0; i < products; i++) x = tf.matMul(x as tf.Tensor2D, b as tf.Tensor2D);
      return tf.slice(x, [0, 0], [1, 1]);
    });
    await last.data();
    last.dispose();
    best = Math.min(best, (performance.now() - start) / products);
  }
  tf.dispose([a, b]);
  return best;
}
