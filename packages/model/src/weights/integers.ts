/**
 * Weights as integers (`weights` of the configuration): every matrix that is multiplied, tables of words among them, keeps its integers on the
 * device. Filters of convolutions are integers in files alone. All else is few numbers, and stays as it is.
 */
import { ConfigError, checkOptions, type ParameterScope, type Quantization, rule } from '@simvlm/core';
import { packedWidth } from '@simvlm/ops';

export interface IntegerWeights {
  /** Bits of a number. */
  readonly bits: 8 | 4;
  /** Inputs that share a scale, a multiple of 32; default 32 for 4 bits, and for 8 bits all of an output's. */
  readonly group?: number;
}

/** The scale of the integers `name`. */
export function scaleOf(name: string): string {
  return `${name}.scale`;
}

/** @throws ConfigError that names the key, what was given and what is allowed */
export function checkIntegerWeights(weights: IntegerWeights): void {
  checkOptions('model config: weights', weights, {
    bits: { expected: '8 or 4', accepts: value => value === 8 || value === 4 },
    group: {
      expected: 'a multiple of 32 from 32 to 65,536',
      accepts: value => rule.integer(32, 65_536).accepts(value) && (value as number) % 32 === 0,
    },
  });
  if (weights.bits === undefined)
    throw new ConfigError('CONFIG_INVALID', 'model config: weights: "bits" is missing');
}

/** How a row of so many numbers becomes integers. */
export function quantizationOf(
  { bits, group = bits === 4 ? 32 : undefined }: IntegerWeights,
  inputs: number,
): Quantization {
  return { bits, group: group === undefined || group >= inputs ? inputs : group };
}

/** A scope whose matrices are integers: those that ask for it, not paths beside them. The scope itself without `weights`. */
export function withIntegers<P>(
  scope: ParameterScope<P>,
  weights: IntegerWeights | undefined,
): ParameterScope<P> {
  if (!weights) return scope;
  return {
    ...scope,
    scope: name => withIntegers(scope.scope(name), weights),
    quantized(name, { outputs, inputs }) {
      const { bits, group } = quantizationOf(weights, inputs);
      return {
        packed: scope.param(name, [outputs, packedWidth(inputs, bits)], { kind: 'zeros' }, 'int32'),
        scales: scope.param(scaleOf(name), [outputs, Math.ceil(inputs / group)], { kind: 'zeros' }),
        inputs,
        bits,
        group,
      };
    },
  };
}
