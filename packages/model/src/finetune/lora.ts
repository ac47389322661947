/**
 * LoRA (Hu et al., 2021, section 4): the weights of a trained model stay as they are, and beside some of its linear maps a path of low rank is
 * trained, y = x · W + bias + α/r · (x · A) · B. A `[I, r]` begins with Gaussian numbers of deviation 1/√I, B `[r, O]` with zeros, so that a
 * model with fresh adapters is the model without, exactly.
 */
import {
  CheckpointError,
  ConfigError,
  checkOptions,
  namePattern,
  type ParameterScope,
  rule,
} from '@simvlm/core';
import type { SafeTensor } from '../weights/safetensors';

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
    param: (name, shape, init) => scope.param(name, shape, init),
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
  return shifted(base, new Map([...weights].filter(([name]) => isAdapter(name))), lora, 1);
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
  return shifted(merged, new Map([...adapters].filter(([name]) => isAdapter(name))), lora, -1);
}

function shifted(base: Weights, adapters: Weights, lora: LoraConfig, sign: 1 | -1): Map<string, SafeTensor> {
  const { rank, alpha } = resolveLora(lora);
  const result = new Map(base);
  for (const [name, a] of adapters) {
    if (!name.endsWith(`.${A}`)) continue;
    const map = name.slice(0, -A.length - 1);
    const [weight, b] = [base.get(`${map}.weight`), adapters.get(`${map}.${B}`)];
    const [inputs, outputs] = weight?.shape ?? [];
    if (!weight || a.shape.join() !== [inputs, rank].join() || b?.shape.join() !== [rank, outputs].join()) {
      throw new CheckpointError(
        'CHECKPOINT_MISMATCH',
        `lora: the adapter of "${map}" is ${shapeOf(a)} and ${shapeOf(b)}, and its weight ${shapeOf(weight)}; they do not make [I, ${rank}], [${rank}, O] and [I, O]`,
      );
    }
    const product = productOf(a, b, (sign * alpha) / rank);
    const values = weight.values.map((value, i) => value + product[i]!);
    result.set(`${map}.weight`, { shape: weight.shape, values });
  }
  return result;
}

/** factor · a · b, in float64. */
function productOf(a: SafeTensor, b: SafeTensor, factor: number): Float64Array {
  const [inputs, rank] = a.shape as [number, number];
  const outputs = b.shape[1]!;
  const product = new Float64Array(inputs * outputs);
  for (let i = 0; i < inputs; i++)
    for (let r = 0; r < rank; r++) {
      const share = factor * a.values[i * rank + r]!;
      for (let o = 0; o < outputs; o++) product[i * outputs + o]! += share * b.values[r * outputs + o]!;
    }
  return product;
}

function shapeOf(tensor: SafeTensor | undefined): string {
  return tensor ? `[${tensor.shape.join(', ')}]` : 'missing';
}
