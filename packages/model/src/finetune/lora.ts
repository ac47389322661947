/**
 * LoRA (Hu et al., 2021, section 4): the weights of a trained model stay as they are, and beside some of its linear maps a path of low rank is
 * trained, y = x · W + bias + α/r · (x · A) · B. A `[I, r]` begins with Gaussian numbers of deviation 1/√I, B `[r, O]` with zeros, so that a
 * model with fresh adapters is the model without, exactly.
 */
import type { SafeTensor, TensorSet, TensorSource } from '@simvlm/checkpoint';
import {
  CheckpointError,
  ConfigError,
  checkOptions,
  namePattern,
  type ParameterScope,
  rule,
} from '@simvlm/core';
import { scaleOf } from '../weights/integers';

export interface LoraConfig {
  /** r */
  readonly rank: number;
  /** The path is multiplied by α / r. Default: r, so that the factor is 1. */
  readonly alpha?: number;
  /**
   * The linear maps that get a path, by their names, in which `*` stands for any characters. Default: queries and values of every attention, as in
   * section 4.2 of the paper.
   */
  readonly targets?: readonly string[];
}

type Weights = ReadonlyMap<string, SafeTensor>;

const TARGETS = ['*.query', '*.value'];
const [A, B] = ['lora_a.weight', 'lora_b.weight'];

/** With defaults. @throws ConfigError that names the key, what was given and what is allowed */
export function resolveLora(lora: LoraConfig): Required<LoraConfig> {
  if (!rule.object.accepts(lora))
    throw new ConfigError('CONFIG_INVALID', `lora: it must be an object, got ${JSON.stringify(lora)}`);
  checkOptions('lora', lora, {
    rank: rule.integer(1, 65_536),
    alpha: { expected: 'a number above 0', accepts: value => typeof value === 'number' && value > 0 },
    targets: {
      expected: 'a list of names of linear maps, in which * stands for any characters',
      accepts: value =>
        Array.isArray(value) && value.length > 0 && value.every(name => typeof name === 'string'),
    },
  });
  if (lora.rank === undefined) throw new ConfigError('CONFIG_INVALID', 'lora: "rank" is missing');
  return { rank: lora.rank, alpha: lora.alpha ?? lora.rank, targets: lora.targets ?? TARGETS };
}

/** Whether a parameter belongs to an adapter. */
export function isAdapter(name: string): boolean {
  return name.endsWith(`.${A}`) || name.endsWith(`.${B}`);
}

/** A scope whose linear maps get the paths that the configuration names; the scope itself without one. */
export function withAdapters<P>(
  scope: ParameterScope<P>,
  lora: LoraConfig | undefined,
  prefix = '',
): ParameterScope<P> {
  if (!lora) return scope;
  const { rank, alpha, targets } = resolveLora(lora);
  const patterns = targets.map(namePattern);
  return {
    ...scope,
    scope: name => withAdapters(scope.scope(name), lora, prefix === '' ? name : `${prefix}.${name}`),
    lowRank: (inputs, outputs) =>
      patterns.some(pattern => pattern.test(prefix))
        ? {
            a: scope.param(A, [inputs, rank], { kind: 'normal', std: 1 / Math.sqrt(inputs) }),
            b: scope.param(B, [rank, outputs], { kind: 'zeros' }),
            scale: alpha / rank,
          }
        : undefined,
  };
}

/** @throws ConfigError when a target is no linear map of the model: a slip that would train less than was meant */
export function checkTargets(lora: LoraConfig, names: readonly string[]): void {
  const adapted = names.filter(name => name.endsWith(`.${A}`)).map(name => name.slice(0, -A.length - 1));
  for (const target of resolveLora(lora).targets) {
    if (!adapted.some(name => namePattern(target).test(name)))
      throw new ConfigError(
        'CONFIG_INVALID',
        `lora: no linear map matches "${target}"; names are such as decoder.0.self.query, decoder.0.mlp.hidden and patcher.out`,
      );
  }
}

/**
 * The weights of the model without adapters that computes the same as the model with them: W + α/r · A · B.
 *
 * @param weights of a model with adapters, by name; they are left as they are
 * @param lora its `config.lora`
 * @throws CheckpointError when half of an adapter is missing, or one fits no weight
 */
export function mergeAdapters(weights: Weights, lora: LoraConfig): Map<string, SafeTensor> {
  const base = new Map([...weights].filter(([name]) => !isAdapter(name)));
  return shifted(base, adaptersOf(weights), lora, 1);
}

/**
 * Takes adapters out of the weights that they were merged into: W − α/r · A · B, the weights before, but for rounding.
 *
 * @param merged what `mergeAdapters` gave
 * @param adapters the adapters, by name; other weights are ignored
 * @throws CheckpointError as `mergeAdapters`
 */
export function unmergeAdapters(
  merged: Weights,
  adapters: Weights,
  lora: LoraConfig,
): Map<string, SafeTensor> {
  return shifted(merged, adaptersOf(adapters), lora, -1);
}

/**
 * As `mergeAdapters`, of open tensors: each weight is merged when it is asked for.
 *
 * @throws CheckpointError as `mergeAdapters`
 */
export function mergedTensors({ tensors, metadata }: TensorSet, lora: LoraConfig): TensorSet {
  const merged = new Map([...tensors].filter(([name]) => !isAdapter(name)));
  const { factor, pairs } = pairsOf(merged, adaptersOf(tensors), lora);
  for (const [name, { a, b }] of pairs) {
    const { shape, read } = merged.get(name)!;
    merged.set(name, {
      shape,
      read: async () => {
        const [A, B] = [
          { shape: a.shape, values: await a.read() },
          { shape: b.shape, values: await b.read() },
        ];
        return plusProduct(await read(), A, B, factor);
      },
    });
  }
  return { tensors: merged, metadata };
}

/** The adapters among weights. */
export function adaptersOf<T>(weights: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...weights].filter(([name]) => isAdapter(name)));
}

function shifted(base: Weights, adapters: Weights, lora: LoraConfig, sign: 1 | -1): Map<string, SafeTensor> {
  const { factor, pairs } = pairsOf(base, adapters, lora);
  const result = new Map(base);
  for (const [name, { a, b }] of pairs) {
    const { shape, values } = base.get(name)!;
    result.set(name, { shape, values: plusProduct(values, a, b, sign * factor) });
  }
  return result;
}

type Shaped = Pick<TensorSource, 'shape'>;

/** The two halves of each adapter, by the name of the weight that they belong to. @throws CheckpointError for halves that do not fit */
function pairsOf<T extends Shaped>(
  base: ReadonlyMap<string, Shaped>,
  adapters: ReadonlyMap<string, T>,
  lora: LoraConfig,
): { factor: number; pairs: Map<string, { a: T; b: T }> } {
  const { rank, alpha } = resolveLora(lora);
  if (adapters.size === 0)
    throw new CheckpointError('CHECKPOINT_MISMATCH', 'lora: there are no adapters to merge');
  const pairs = new Map<string, { a: T; b: T }>();
  const maps = new Set([...adapters.keys()].map(name => name.split('.').slice(0, -2).join('.')));
  for (const map of maps) {
    const weight = base.get(`${map}.weight`);
    if (base.has(scaleOf(`${map}.weight`)))
      throw new CheckpointError(
        'CHECKPOINT_MISMATCH',
        `lora: the weight of "${map}" is integers, into which nothing can be merged; make the weights numbers first (simvlm export --weights float32), then merge`,
      );
    const [a, b] = [adapters.get(`${map}.${A}`), adapters.get(`${map}.${B}`)];
    const [inputs, outputs] = weight?.shape ?? [];
    const fits = a?.shape.join() === [inputs, rank].join() && b?.shape.join() === [rank, outputs].join();
    if (!weight || !a || !b || !fits)
      throw new CheckpointError(
        'CHECKPOINT_MISMATCH',
        `lora: the adapter of "${map}" is ${shapeOf(a)} and ${shapeOf(b)}, and its weight ${shapeOf(weight)}; they do not make [I, ${rank}], [${rank}, O] and [I, O]`,
      );
    pairs.set(`${map}.weight`, { a, b });
  }
  return { factor: alpha / rank, pairs };
}

/** values + factor · a · b; the product is summed in float64. */
function plusProduct(values: Float32Array, a: SafeTensor, b: SafeTensor, factor: number): Float32Array {
  const [inputs, rank] = a.shape as [number, number];
  const outputs = b.shape[1]!;
  const result = new Float32Array(inputs * outputs);
  const row = new Float64Array(outputs);
  for (let i = 0; i < inputs; i++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const share = factor * a.values[i * rank + r]!;
      for (let o = 0; o < outputs; o++) row[o]! += share * b.values[r * outputs + o]!;
    }
    for (let o = 0; o < outputs; o++) result[i * outputs + o] = values[i * outputs + o]! + row[o]!;
  }
  return result;
}

function shapeOf(tensor: Shaped | undefined): string {
  return tensor ? `[${tensor.shape.join(', ')}]` : 'missing';
}
