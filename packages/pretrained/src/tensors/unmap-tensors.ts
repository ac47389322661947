import type { TensorSource } from '@simvlm/checkpoint';
import type { TensorPlace } from '../families/family';
import { countOf, isInOrder, scatter } from './view';

/**
 * Their tensors, made of ours when they are asked for: the other direction of `mapTensors`.
 *
 * @param ours every tensor that a place names
 */
export function unmapTensors(
  ours: ReadonlyMap<string, TensorSource>,
  places: readonly TensorPlace[],
): Map<string, TensorSource> {
  const byTheirs = new Map<string, TensorPlace[]>();
  for (const place of places) byTheirs.set(place.theirs, [...(byTheirs.get(place.theirs) ?? []), place]);
  return new Map([...byTheirs].map(([name, parts]) => [name, composed(ours, parts)]));
}

function composed(ours: ReadonlyMap<string, TensorSource>, parts: readonly TensorPlace[]): TensorSource {
  const [first] = parts as [TensorPlace];
  const shape = first.theirShape;
  // The same numbers in the same order: a table may be large, and goes through in parts.
  if (parts.length === 1 && isInOrder(first.view)) return { ...ours.get(first.ours)!, shape };
  return {
    shape,
    async read() {
      const values = new Float32Array(countOf(shape));
      for (const { ours: name, view } of parts) scatter(await ours.get(name)!.read(), view, values);
      return values;
    },
  };
}
