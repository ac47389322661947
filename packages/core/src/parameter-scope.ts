import type { Initializer, ParameterScope } from './contracts';
import { type ParameterSpec, ParameterTree } from './parameter-tree';
import type { Random } from './random';

/** A scope that hands every declaration to `create` under its full name and keeps what it returns. */
export function parameterScope<P>(
  tree: ParameterTree<P>,
  create: (name: string, spec: ParameterSpec) => P,
  prefix = '',
): ParameterScope<P> {
  return {
    param(name, shape, init, dtype = 'float32') {
      const full = prefix + name;
      const value = create(full, { shape: [...shape], init, dtype });
      tree.add(full, value);
      return value;
    },
    scope: name => parameterScope(tree, create, `${prefix}${name}.`),
  };
}

/** The parameters that `build` declares, without a number allocated: for counting and for loading weights. */
export function declaredParameters(
  build: (scope: ParameterScope<never>) => unknown,
): ParameterTree<ParameterSpec> {
  const specs = new ParameterTree<ParameterSpec>();
  const ignored = new ParameterTree<never>();
  build(
    parameterScope(ignored, (name, spec) => {
      specs.add(name, spec);
      return undefined as never;
    }),
  );
  return specs;
}

/** The starting values of a parameter: they depend on the seed and the parameter's full name only. */
export function initialValues(name: string, spec: Omit<ParameterSpec, 'dtype'>, seed: Random): Float32Array {
  const values = new Float32Array(spec.shape.reduce((product, extent) => product * extent, 1));
  fill(values, spec.init, seed.fork(name));
  return values;
}

function fill(values: Float32Array, init: Initializer, random: Random): void {
  if (init.kind === 'ones') values.fill(1);
  if (init.kind === 'normal') for (let i = 0; i < values.length; i++) values[i] = init.std * random.normal();
  if (init.kind === 'truncated-normal')
    for (let i = 0; i < values.length; i++) values[i] = init.std * random.truncatedNormal();
}
