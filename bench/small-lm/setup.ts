/**
 * The small causal language model that every implementation beside this file trains: 2 pre-layer-norm blocks,
 * width 128, 4 heads, MLP 512 (GELU, tanh form), vocabulary 512, tied embedding, learned positions, Adam.
 * A step is 32 rows × 32 tokens = 1,024 tokens. All start from the same numbers and see the same batches.
 */
import { type Initializer, initialValues, Random } from '@simvlm/core';

export const model = { layers: 2, width: 128, heads: 4, mlp: 512, vocab: 512, rows: 32, tokens: 32 } as const;
export const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

export interface Parameter {
  readonly name: string;
  readonly shape: number[];
  readonly values: Float32Array;
}

/** The parameters in declaration order; weights are [in, out]. */
export function parameters(): Parameter[] {
  const random = Random.fromSeed(1);
  const list: Parameter[] = [];
  const add = (name: string, shape: number[], init: Initializer) =>
    list.push({ name, shape, values: initialValues(name, { shape, init }, random) });
  const normal = { kind: 'normal', std: 0.02 } as const;
  const { width: D, mlp: F } = model;
  add('embedding', [model.vocab, D], normal);
  add('positions', [model.tokens, D], normal);
  for (let i = 0; i < model.layers; i++) {
    for (const norm of ['norm1', 'norm2']) {
      add(`${i}.${norm}.gamma`, [D], { kind: 'ones' });
      add(`${i}.${norm}.beta`, [D], { kind: 'zeros' });
    }
    const linear = (name: string, inputs: number, outputs: number) => {
      add(`${i}.${name}.weight`, [inputs, outputs], normal);
      add(`${i}.${name}.bias`, [outputs], { kind: 'zeros' });
    };
    for (const name of ['query', 'key', 'value', 'out']) linear(name, D, D);
    linear('mlp1', D, F);
    linear('mlp2', F, D);
  }
  add('norm.gamma', [D], { kind: 'ones' });
  add('norm.beta', [D], { kind: 'zeros' });
  return list;
}

/** Batch number `step`: inputs and the tokens that follow them, `int32[rows × tokens]` each. A learnable Markov chain. */
export function batch(step: number): { inputs: Int32Array; targets: Int32Array } {
  const random = Random.fromSeed(2).fork(step);
  const inputs = new Int32Array(model.rows * model.tokens);
  const targets = new Int32Array(model.rows * model.tokens);
  for (let row = 0; row < model.rows; row++) {
    let token = random.integer(model.vocab);
    for (let t = 0; t < model.tokens; t++) {
      inputs[row * model.tokens + t] = token;
      token = (token * 5 + 7 + random.integer(4)) % model.vocab;
      targets[row * model.tokens + t] = token;
    }
  }
  return { inputs, targets };
}

/** One implementation, ready to run. `step(i)` trains on batch i and gives its loss. */
export interface Runner {
  readonly versions: Readonly<Record<string, string>>;
  step(index: number): Promise<number>;
}
