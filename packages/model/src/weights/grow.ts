import { type SafeTensor, storedShape } from '@simvlm/checkpoint';
import {
  CheckpointError,
  ConfigError,
  initialValues,
  type ParameterSpec,
  type ParameterTree,
  Random,
  type Registry,
} from '@simvlm/core';
import type { SimVlmConfig } from '../config';
import { modelParameters } from '../simvlm';

/** Names of the weights that may grow: those of the patcher. */
const GROWS = 'patcher.';

/**
 * Weights for a larger patcher that at first computes what the smaller one does, so that training goes on where that one stopped, after
 * Net2Net (Chen et al., 2016): wider layers, more blocks.
 *
 * What the smaller one has is kept. Whatever is new begins as in a fresh model, but what the old outputs would take from new inputs is zero.
 * So new channels learn from the first step on and disturb nothing; a new block of the conv stage starts as its shortcut anyway. The norms
 * must stay as they are, too: with twice the channels `groups` is twice as large.
 *
 * @param weights those of a model of `from`, by name; they are left as they are
 * @param from the configuration they belong to
 * @param to the same but for the options of the patcher
 * @param options `seed` of what is new, as of a fresh model; default 0
 * @throws ConfigError for weights of integers; CheckpointError when a weight of the patcher shrinks or is gone, or one outside it differs
 */
export function growWeights(
  weights: ReadonlyMap<string, SafeTensor>,
  from: SimVlmConfig,
  to: SimVlmConfig,
  { seed = 0, registry }: { readonly seed?: number; readonly registry?: Registry } = {},
): Map<string, SafeTensor> {
  const before = modelParameters(from, registry);
  const after = modelParameters(to, registry);
  const integers = from.weights ?? to.weights;
  // Nothing can be added to a row of integers with one scale; a model of the same size has nothing to add.
  if (integers && !sameShapes(before, after))
    throw new ConfigError(
      'CONFIG_INVALID',
      `growing: weights of ${integers.bits}-bit integers ("weights") cannot grow; grow the model that they were made of`,
    );
  const gone = before.names().find(name => !after.has(name));
  if (gone !== undefined) throw mismatch(`the new model has no "${gone}"`);
  const random = Random.fromSeed(seed).fork('weights');
  const result = new Map<string, SafeTensor>();
  for (const [name, spec] of after) {
    const old = weights.get(name);
    if (old?.shape.join() === storedShape(spec).join()) result.set(name, old);
    else if (name.startsWith(GROWS)) result.set(name, grown(name, old, spec, random));
    else {
      const found = old ? `[${old.shape}]` : 'missing';
      throw mismatch(`"${name}" is ${found} and would have to be [${spec.shape}]; only a patcher grows`);
    }
  }
  return result;
}

function sameShapes(a: ParameterTree<ParameterSpec>, b: ParameterTree<ParameterSpec>): boolean {
  return (
    a.size === b.size &&
    [...a].every(([name, { shape }]) => b.has(name) && b.get(name).shape.join() === shape.join())
  );
}

/** `[…, inputs, outputs]` or `[outputs]`: the old in its corner, zeros from new inputs to old outputs, else as it began. */
function grown(name: string, old: SafeTensor | undefined, spec: ParameterSpec, random: Random): SafeTensor {
  const { shape } = spec;
  const values = initialValues(name, spec, random);
  if (!old) return { shape, values };
  const [places, inputs, outputs] = extents(old.shape);
  const [newPlaces, newInputs, newOutputs] = extents(shape);
  const isSmaller = inputs <= newInputs && outputs <= newOutputs;
  if (old.shape.length !== shape.length || places !== newPlaces || !isSmaller)
    throw mismatch(`"${name}" cannot grow from [${old.shape}] to [${shape}]`);
  for (let place = 0; place < places; place++)
    for (let input = 0; input < newInputs; input++)
      for (let output = 0; output < outputs; output++)
        values[(place * newInputs + input) * newOutputs + output] =
          input < inputs ? old.values[(place * inputs + input) * outputs + output]! : 0;
  return { shape, values };
}

function extents(shape: readonly number[]): [places: number, inputs: number, outputs: number] {
  const size = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  return [size, shape.at(-2) ?? 1, shape.at(-1) ?? 1];
}

function mismatch(what: string): CheckpointError {
  return new CheckpointError('CHECKPOINT_MISMATCH', `growing: ${what}`);
}
