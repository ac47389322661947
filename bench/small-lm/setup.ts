/**
 * The causal language model that every implementation beside this file trains: pre-layer-norm blocks, GELU in the tanh form, tied
 * embedding, learned positions, Adam. All start from the same numbers and see the same batches.
 */
import { type Initializer, initialValues, Random } from '@simvlm/core';

export interface Size {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly mlp: number;
  readonly vocab: number;
  /** Of a batch: rows, and tokens of each. */
  readonly rows: number;
  readonly tokens: number;
}

/** Of `pnpm bench wasm`: 1,024 tokens a step. */
export const small: Size = { layers: 2, width: 128, heads: 4, mlp: 512, vocab: 512, rows: 32, tokens: 32 };

export const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

export interface Parameter {
  readonly name: string;
  readonly shape: number[];
  readonly values: Float32Array;
}

/** The parameters in declaration order; weights are [in, out]. */
export function parameters(size: Size): Parameter[] {
  const random = Random.fromSeed(1);
  const list: Parameter[] = [];
  const add = (name: string, shape: number[], init: Initializer) =>
    list.push({ name, shape, values: initialValues(name, { shape, init }, random) });
  const normal = { kind: 'normal', std: 0.02 } as const;
  const { width: D, mlp: F } = size;
  add('embedding', [size.vocab, D], normal);
  add('positions', [size.tokens, D], normal);
  for (let i = 0; i < size.layers; i++) {
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

/** Inputs and the tokens that follow them, `int32[rows · tokens]` each. */
export interface Batch {
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
}

/** Batch number `step`: a learnable Markov chain. */
export function batch({ rows, tokens, vocab }: Size, step: number): Batch {
  const random = Random.fromSeed(2).fork(step);
  const inputs = new Int32Array(rows * tokens);
  const targets = new Int32Array(rows * tokens);
  for (let row = 0; row < rows; row++) {
    let token = random.integer(vocab);
    for (let t = 0; t < tokens; t++) {
      inputs[row * tokens + t] = token;
      token = (token * 5 + 7 + random.integer(4)) % vocab;
      targets[row * tokens + t] = token;
    }
  }
  return { inputs, targets };
}

/** One implementation, ready to run. `step` trains on a batch and gives its loss. */
export interface Runner {
  readonly versions: Readonly<Record<string, string>>;
  step(batch: Batch): Promise<number>;
}
