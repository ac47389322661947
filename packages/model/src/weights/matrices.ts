import {
  type MatrixLayout,
  type ParameterScope,
  ParameterTree,
  parameterScope,
  type Registry,
} from '@simvlm/core';
import type { SimVlmConfig } from '../config';
import { buildNetwork } from '../network';

/** A weight that can be integers: O rows of I numbers. */
export interface Matrix {
  readonly outputs: number;
  readonly inputs: number;
  /** Of its float32. */
  readonly layout: MatrixLayout;
  /** Of its float32; the filter of a convolution has four axes, [k, k, from, to], and its rows are those of [k · k · from, to]. */
  readonly shape: readonly number[];
}

export interface IntegerNames {
  /** Those that a model of integers has as integers on the device. */
  readonly matrices: ReadonlyMap<string, Matrix>;
  /** Those that are integers in files alone. */
  readonly filters: ReadonlyMap<string, Matrix>;
}

/** Which weights of a model can be integers. No number is allocated. */
export function integerNames({ weights: _, ...config }: SimVlmConfig, registry: Registry): IntegerNames {
  const matrices = new Map<string, Matrix>();
  const filters = new Map<string, Matrix>();
  const scope = parameterScope(new ParameterTree<never>(), (name, { shape }) => {
    if (shape.length === 4) {
      const outputs = shape[3]!;
      const inputs = shape[0]! * shape[1]! * shape[2]!;
      filters.set(name, { outputs, inputs, layout: 'inputs-first', shape });
    }
    return undefined as never;
  });
  buildNetwork(config, noting(scope, matrices), registry);
  return { matrices, filters };
}

/** A scope that notes down each matrix and leaves it what it is. */
function noting<P>(scope: ParameterScope<P>, into: Map<string, Matrix>, prefix = ''): ParameterScope<P> {
  return {
    ...scope,
    scope: name => noting(scope.scope(name), into, `${prefix}${name}.`),
    quantized(name, { outputs, inputs }, layout) {
      const shape = layout === 'inputs-first' ? [inputs, outputs] : [outputs, inputs];
      into.set(prefix + name, { outputs, inputs, layout, shape });
      return undefined;
    },
  };
}
