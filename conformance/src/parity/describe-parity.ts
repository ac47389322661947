import { readSafetensors } from '@simvlm/checkpoint';
import { type Continuation, type GenerateRequest, layout, prefixLmLearner, SimVlm } from '@simvlm/model';
import { AdamW, lossAndGradients } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withBackend } from '../with-backend';
import { type Golden, type GoldenName, type GoldenText, goldenNames, readGolden } from './golden';

export interface Parity {
  /** Registers the backend. */
  readonly ready: () => Promise<void>;
  /** Which models; default: all. */
  readonly names?: readonly GoldenName[];
}

/** Absolute, of one logit. */
const LOGITS = 1e-4;
/** Nats. */
const LOSS = 1e-5;
/** Relative to the largest number of the parameter's gradient. */
const GRADIENT = 1e-4;
/** A gradient below is 0 by symmetry, as that of key biases is: what stands there is rounding. */
const SMALLEST_GRADIENT = 1e-3;
/** Nats, of each of ten steps; and of the log-probability of a text. */
const AFTER_STEPS = 1e-4;

/** A GPU that is computed on the processor compiles each shader for a second or two. */
const TIMEOUT = 300_000;

/** What an independent PyTorch implementation computes from the same weights, as fixtures: see `bench/reference`. */
export function describeParity(backendName: string, { ready, names = goldenNames }: Parity): void {
  for (const name of names) describeModel(name, backendName, ready);
}

function describeModel(name: GoldenName, backendName: string, ready: Parity['ready']): void {
  describe(`${name} on ${backendName} equals its PyTorch reference`, { timeout: TIMEOUT }, () => {
    withBackend(backendName, ready);
    let golden: Golden;
    let model: SimVlm;
    beforeAll(async () => {
      golden = await readGolden(name);
      model = SimVlm.create(golden.config);
      model.loadWeights(golden.weights);
    });
    afterAll(() => model?.dispose());

    test('takes its weights, and gives them back bit for bit', async () => {
      const given = readSafetensors(golden.weights).tensors;
      const back = readSafetensors(await model.saveWeights()).tensors;
      expect([...back.keys()].sort()).toEqual([...given.keys()].sort());
      for (const [tensor, { shape, values }] of given)
        expect(back.get(tensor), tensor).toEqual({ shape, values });
    });

    test(`logits at every place that exists, within ${LOGITS}`, async () => {
      for (const i of golden.batches.keys())
        expect(await logitsDifference(model, golden, i), `batch ${i}`).toBeLessThan(LOGITS);
    });

    test(`losses of rows with pictures, of text alone and of both, within ${LOSS}`, async () => {
      const lossOf = (batches: Golden['batches']) => numberOf(model.loss(batches));
      for (const [i, loss] of golden.losses.entries())
        expect(Math.abs((await lossOf([golden.batches[i]!])) - loss), `batch ${i}`).toBeLessThan(LOSS);
      expect(Math.abs((await lossOf(golden.batches)) - golden.loss)).toBeLessThan(LOSS);
    });

    test(`the gradient of every parameter, within ${GRADIENT} of its largest number`, async () => {
      const { loss, gradients } = lossAndGradients(prefixLmLearner(model), [golden.batches]);
      const far: string[] = [];
      for (const [parameter, gradient] of gradients) {
        const wanted = golden.expected.get(`gradient.${parameter}`)!;
        expect(gradient.shape, parameter).toEqual(wanted.shape);
        const scale = wanted.values.reduce((max, x) => Math.max(max, Math.abs(x)), SMALLEST_GRADIENT);
        const difference = largestDifference(await gradient.data(), wanted.values) / scale;
        if (!(difference <= GRADIENT)) far.push(`${parameter}: ${difference}`);
      }
      tf.dispose([loss, ...gradients.values()]);
      expect(far).toEqual([]);
    });

    test(`the losses of ten steps of AdamW, within ${AFTER_STEPS}`, async () => {
      const { learningRate, losses, gradientNorms, ...options } = golden.training;
      const trained = SimVlm.create(golden.config);
      trained.loadWeights(golden.weights);
      const optimizer = new AdamW(trained.params, options);
      for (const [step, wanted] of losses.entries()) {
        const { loss, gradients } = lossAndGradients(prefixLmLearner(trained), [golden.batches]);
        const { gradientNorm } = await optimizer.apply(gradients, learningRate);
        tf.dispose(gradients.values());
        expect(Math.abs((await numberOf(loss)) - wanted), `loss ${step}`).toBeLessThan(AFTER_STEPS);
        expect(gradientNorm / gradientNorms[step]!, `norm ${step}`).toBeCloseTo(1, 3);
      }
      optimizer.dispose();
      trained.dispose();
    });

    test('greedy texts, token for token', async () => {
      expectTexts(await model.generate(prefixes(golden)), golden.generated.greedy);
    });

    test('the best texts of beam search, token for token', async () => {
      for (const { texts, captions, ...beam } of golden.generated.beams) {
        const made = await model.generate({
          ...prefixes(golden),
          sampler: { kind: 'beam', ...beam },
          captions,
        });
        expect(made.map(({ row }) => row)).toEqual(texts.flatMap((best, row) => best.map(() => row)));
        expectTexts(made, texts.flat());
        for (const [i, { score }] of texts.flat().entries())
          expect(Math.abs(made[i]!.score! - score), `score ${i}`).toBeLessThan(AFTER_STEPS);
      }
    });
  });
}

async function logitsDifference(model: SimVlm, { config, batches, expected }: Golden, i: number) {
  const wanted = expected.get(`logits.${i}`)!;
  const logits = model.logits(batches[i]!);
  // Ours may be padded to more places.
  const [, length, vocab] = logits.shape;
  const places = wanted.shape[1]!;
  const values = await logits.data();
  logits.dispose();
  const rows = Array.from(layout(batches[i]!, config).lengths, (count, b) =>
    largestDifference(
      values.subarray(b * length * vocab, (b * length + count) * vocab),
      wanted.values.subarray(b * places * vocab, (b * places + count) * vocab),
    ),
  );
  return Math.max(...rows);
}

/** All rows in one request: behind pictures and prompts, and behind prompts alone. */
function prefixes({ generated: { rows }, batches }: Golden): GenerateRequest {
  return {
    images: batches[0]!.images!.pixels,
    imageRows: rows.flatMap(({ image }, row) => (image === null ? [] : [row])),
    prompts: rows.map(({ prompt }) => Int32Array.from(prompt)),
  };
}

function expectTexts(made: readonly Continuation[], wanted: readonly GoldenText[]): void {
  expect(made.map(({ tokens, finished }) => ({ tokens: [...tokens], finished }))).toEqual(
    wanted.map(({ tokens, finished }) => ({ tokens, finished })),
  );
  for (const [i, { logProb }] of wanted.entries())
    expect(Math.abs(made[i]!.logProb - logProb), `log-probability ${i}`).toBeLessThan(AFTER_STEPS);
}

/** NaN where one is. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Number.NaN;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

/** The scalar is disposed. */
async function numberOf(scalar: tf.Tensor): Promise<number> {
  const [value] = await scalar.data();
  scalar.dispose();
  return value!;
}
