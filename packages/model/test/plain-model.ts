/**
 * The forward pass written a second time, in plain float64 loops without tensors, batches or padding: what `SimVlm` must equal, for the models that
 * differ from SimVLM in settings. A matrix is a list of rows.
 */
import type { BlockForm } from '@simvlm/attention';
import type { SimVlmConfig } from '../src/index';

type Matrix = readonly (readonly number[])[];
/** Every weight by its name. */
export type Weights = ReadonlyMap<string, Float64Array>;
type Activation = NonNullable<BlockForm['activation']>;

/** What one row says: its picture as bytes, the ids of its prefix and those that follow it. */
export interface PlainRow {
  readonly pixels: ArrayLike<number>;
  readonly prefix: readonly number[];
  readonly rest: readonly number[];
}

/** Logits of each token of `rest`, from what precedes it. */
export function plainLogits(config: SimVlmConfig, weights: Weights, row: PlainRow): number[][] {
  const model = plainModel(config, weights);
  const { bos } = config.tokens;
  const image = model.image(row.pixels);
  const { encoder } = config;
  if (encoder?.kind === 'question') {
    const question = [encoder.first, ...row.prefix, encoder.last];
    const asked = model.text(question, 'encoder.');
    const memory = model.stack('encoder', asked, () => true, image);
    const answer = model.text([bos, ...row.rest.slice(0, -1)]);
    return model.logits(model.stack('decoder', answer, causal, memory));
  }
  const read = model.text([bos, ...row.prefix, ...row.rest.slice(0, -1)]);
  if (config.architecture === 'encoder-decoder')
    return model.logits(model.stack('decoder', read, causal, image)).slice(row.prefix.length);
  const N = image.length;
  const sees = (i: number, j: number) => j < N || (i >= N && j <= i);
  const hidden = model.stack('decoder', [...image, ...read], sees);
  return model.logits(hidden.slice(N + row.prefix.length));
}

/** What the model makes of a picture before there is a text: a vector for each image token. */
export function plainImageStates(
  config: SimVlmConfig,
  weights: Weights,
  pixels: PlainRow['pixels'],
): readonly (readonly number[])[] {
  const model = plainModel(config, weights);
  const image = model.image(pixels);
  const N = image.length;
  if (config.architecture === 'encoder-decoder')
    return config.encoder ? image : model.stack('encoder', image, () => true);
  const sees = (i: number, j: number) => j < N || i === N || config.textPrefix !== 'causal';
  return model.stack('decoder', [...image, ...model.text([config.tokens.bos])], sees).slice(0, N);
}

const causal = (i: number, j: number) => j <= i;

function plainModel(config: SimVlmConfig, weights: Weights) {
  const { width: D, heads, block = {} } = config;
  const { norm: place = 'before', epsilon = 1e-6, activation = 'gelu' } = block;
  const values = (name: string) => weights.get(name)!;
  const rowOf = (name: string, at: number, size: number) => [
    ...values(name).subarray(at * size, (at + 1) * size),
  ];

  const linear = (name: string, x: Matrix, act: Activation = 'none'): number[][] => {
    const w = values(`${name}.weight`);
    const inputs = x[0]!.length;
    const outputs = w.length / inputs;
    const bias = weights.has(`${name}.bias`) ? values(`${name}.bias`) : [];
    return x.map(row =>
      Array.from({ length: outputs }, (_, o) =>
        activate(
          row.reduce((sum, value, i) => sum + value * w[i * outputs + o]!, bias[o] ?? 0),
          act,
        ),
      ),
    );
  };
  const norm = (name: string, x: Matrix, eps: number): number[][] => {
    const [gamma, beta] = [values(`${name}.gamma`), values(`${name}.beta`)];
    return x.map(row => {
      const mean = row.reduce((a, b) => a + b, 0) / row.length;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
      return row.map((value, i) => ((value - mean) / Math.sqrt(variance + eps)) * gamma[i]! + beta[i]!);
    });
  };
  const attention = (
    name: string,
    x: Matrix,
    memory: Matrix,
    H: number,
    sees: (i: number, j: number) => boolean,
  ): number[][] => {
    const q = linear(`${name}.query`, x);
    const [k, v] = [linear(`${name}.key`, memory), linear(`${name}.value`, memory)];
    const depth = q[0]!.length / H;
    const mixed = q.map((query, i) =>
      query.map((_, c) => {
        const from = Math.floor(c / depth) * depth;
        const scores = k.map((key, j) =>
          sees(i, j) ? dot(query.slice(from, from + depth), key.slice(from)) / Math.sqrt(depth) : -Infinity,
        );
        const peak = Math.max(...scores);
        const shares = scores.map(score => Math.exp(score - peak));
        const total = shares.reduce((a, b) => a + b, 0);
        return shares.reduce((sum, share, j) => sum + (share / total) * v[j]![c]!, 0);
      }),
    );
    return linear(`${name}.out`, mixed);
  };
  /** A sublayer with the norm where the form says. */
  const joined = (form: Required<BlockForm>, name: string, x: Matrix, f: (h: Matrix) => Matrix) =>
    form.norm === 'before'
      ? plus(x, f(norm(name, x, form.epsilon)))
      : norm(name, plus(x, f(x)), form.epsilon);
  const blockOf = (
    form: Required<BlockForm>,
    H: number,
    name: string,
    x: Matrix,
    sees: (i: number, j: number) => boolean,
    memory?: Matrix,
  ) => {
    let h = joined(form, `${name}.self.norm`, x, y => attention(`${name}.self`, y, y, H, sees));
    if (memory)
      h = joined(form, `${name}.cross.norm`, h, y => attention(`${name}.cross`, y, memory, H, () => true));
    return joined(form, `${name}.mlp.norm`, h, y =>
      linear(`${name}.mlp.out`, linear(`${name}.mlp.hidden`, y, form.activation)),
    );
  };

  return {
    text(ids: readonly number[], prefix = ''): number[][] {
      const sums = ids.map((id, i) => {
        const word = rowOf(`${prefix}embedding.weight`, id, D);
        const position = rowOf(`${prefix}positions.text`, i, D);
        return word.map((value, c) => value + position[c]!);
      });
      return config.embeddingNorm ? norm(`${prefix}embedding.norm`, sums, epsilon) : sums;
    },
    stack(name: string, x: Matrix, sees: (i: number, j: number) => boolean, memory?: Matrix): Matrix {
      let h = x;
      for (let i = 0; i < config.layers; i++)
        h = blockOf({ norm: place, epsilon, activation }, heads, `${name}.${i}`, h, sees, memory);
      return place === 'before' ? norm(`${name}.norm`, h, epsilon) : h;
    },
    logits(hidden: Matrix): number[][] {
      const { tied = true, transform = false } = config.head ?? {};
      const h = transform ? norm('head.norm', linear('head.transform', hidden, activation), epsilon) : hidden;
      const bias = weights.has('head.bias') ? values('head.bias') : [];
      const table = tied ? 'embedding.weight' : 'head.weight';
      return h.map(row =>
        Array.from({ length: config.vocabSize }, (_, id) => dot(row, rowOf(table, id, D)) + (bias[id] ?? 0)),
      );
    },
    /** A vision Transformer. */
    image(pixels: ArrayLike<number>): Matrix {
      const vit = config.patcher as unknown as PlainVit;
      const form = { norm: 'before', epsilon: vit.epsilon, activation: vit.activation } as const;
      const patches = linear('patcher.patch', cut(config, vit.patchSize, pixels));
      let h: Matrix = [[...values('patcher.class_token')], ...patches].map((token, i) => {
        const position = rowOf('patcher.positions', i, vit.width);
        return token.map((value, c) => value + position[c]!);
      });
      if (vit.normBefore) h = norm('patcher.norm_before', h, form.epsilon);
      for (let i = 0; i < vit.layers; i++) h = blockOf(form, vit.heads, `patcher.blocks.${i}`, h, () => true);
      if (vit.normAfter ?? true) h = norm('patcher.norm_after', h, form.epsilon);
      if (vit.projection) h = linear('patcher.out', h);
      return vit.projection === 'linear-norm' ? norm('patcher.out_norm', h, form.epsilon) : h;
    },
  };
}

interface PlainVit {
  patchSize: number;
  width: number;
  layers: number;
  heads: number;
  epsilon: number;
  activation: Activation;
  normBefore?: boolean;
  normAfter?: boolean;
  projection?: string;
}

/** The patches of a picture, row by row, each its pixels row by row. */
function cut({ imageSize: S, picture = {} }: SimVlmConfig, P: number, pixels: ArrayLike<number>): number[][] {
  const { mean = [0.5, 0.5, 0.5], std = [0.5, 0.5, 0.5] } = picture;
  const patches: number[][] = [];
  for (let top = 0; top < S; top += P)
    for (let left = 0; left < S; left += P) {
      const patch: number[] = [];
      for (let y = top; y < top + P; y++)
        for (let x = left; x < left + P; x++)
          for (let c = 0; c < 3; c++) patch.push((pixels[(y * S + x) * 3 + c]! / 255 - mean[c]!) / std[c]!);
      patches.push(patch);
    }
  return patches;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function plus(a: Matrix, b: Matrix): Matrix {
  return a.map((row, i) => row.map((value, c) => value + b[i]![c]!));
}

function activate(x: number, kind: Activation): number {
  if (kind === 'gelu') return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  if (kind === 'gelu-erf') return 0.5 * x * (1 + erf(x / Math.SQRT2));
  return kind === 'quick-gelu' ? x / (1 + Math.exp(-1.702 * x)) : x;
}

/** The error function as its Maclaurin series, good to 1e-12 where |x| < 4; ±1 beyond. */
function erf(x: number): number {
  if (Math.abs(x) >= 5) return Math.sign(x);
  let [sum, term] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
    if (n > 200) break;
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
