/**
 * A transformer stack alone, for comparison with libraries that have no SimVLM: a causal language model of 8 pre-layer-norm blocks, width
 * 256, 4 heads, MLP 1,024 (GELU, tanh form), tied embedding, learned positions, Adam. All start from the same numbers and see the same
 * batches. `bench/small-lm` is the same, smaller and on wasm.
 */
import { type Initializer, initialValues, Random } from '@simvlm/core';
import type { Observed } from '../observe';
import type { Request, Training } from '../protocol';

/** A small vocabulary: what is compared is the blocks. */
export const model = { layers: 8, width: 256, heads: 4, mlp: 1024, vocab: 512, tokens: 32 } as const;
export const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

export interface Parameter {
  readonly name: string;
  readonly shape: number[];
  readonly values: Float32Array;
}

/** Trains on one batch and gives its loss. `inputs`, `targets`: `int32[rows · tokens]`. */
export type Step = (inputs: Int32Array, targets: Int32Array) => Promise<number>;

/** The parameters in declaration order; weights are [in, out]. */
export function parameters(): Parameter[] {
  const random = Random.fromSeed(1);
  const list: Parameter[] = [];
  const add = (name: string, shape: number[], init: Initializer) =>
    list.push({ name, shape, values: initialValues(name, { shape, init }, random) });
  const normal = { kind: 'normal', std: 0.02 } as const;
  const norm = (name: string) => {
    add(`${name}.gamma`, [D], { kind: 'ones' });
    add(`${name}.beta`, [D], { kind: 'zeros' });
  };
  const { width: D, mlp: F } = model;
  add('embedding', [model.vocab, D], normal);
  add('positions', [model.tokens, D], normal);
  for (let i = 0; i < model.layers; i++) {
    norm(`${i}.norm1`);
    norm(`${i}.norm2`);
    const linear = (name: string, inputs: number, outputs: number) => {
      add(`${i}.${name}.weight`, [inputs, outputs], normal);
      add(`${i}.${name}.bias`, [outputs], { kind: 'zeros' });
    };
    for (const name of ['query', 'key', 'value', 'out']) linear(name, D, D);
    linear('mlp1', D, F);
    linear('mlp2', F, D);
  }
  norm('norm');
  return list;
}

/** Answers requests for training with the steps of a library. */
export function trained(
  observed: Observed,
  rows: number,
  step: Step,
): (request: Request) => Promise<Training> {
  return async request => {
    if (!('train' in request)) throw new Error(`the stack is not asked for ${Object.keys(request)}`);
    const { from, count } = request.train;
    const result: Training = { losses: [], milliseconds: [], launches: [], peakBytes: 0 };
    for (let i = from; i < from + count; i++) {
      const { inputs, targets } = batch(i, rows);
      const [start, before] = [performance.now(), observed.launches];
      result.losses.push(await step(inputs, targets));
      result.milliseconds.push(performance.now() - start);
      result.launches.push(observed.launches - before);
    }
    return { ...result, peakBytes: observed.peakBytes };
  };
}

/** Batch number `step`: inputs and the tokens that follow them. A learnable Markov chain. */
function batch(step: number, rows: number): { inputs: Int32Array; targets: Int32Array } {
  const random = Random.fromSeed(2).fork(step);
  const inputs = new Int32Array(rows * model.tokens);
  const targets = new Int32Array(rows * model.tokens);
  for (let row = 0; row < rows; row++) {
    let token = random.integer(model.vocab);
    for (let t = 0; t < model.tokens; t++) {
      inputs[row * model.tokens + t] = token;
      token = (token * 5 + 7 + random.integer(4)) % model.vocab;
      targets[row * model.tokens + t] = token;
    }
  }
  return { inputs, targets };
}
