import type { ParameterTree, Share } from '@simvlm/core';

/**
 * Which of several processes keeps the optimiser's state of which parameter (ZeRO, stage 1; Rajbhandari et al., 2020, section 5.1): whole
 * parameters, the largest first, each to the process that has the fewest numbers. It follows from the parameters and the number of
 * processes alone.
 *
 * @returns the rank of the owner, by name
 */
export function owners(
  params: ParameterTree<{ readonly size: number }>,
  { size }: Pick<Share, 'size'>,
): ReadonlyMap<string, number> {
  const load = new Array<number>(size).fill(0);
  const found = new Map<string, number>();
  // The sort is stable: parameters of one size stay in the tree's order.
  for (const [name, { size: numbers }] of [...params].sort(([, a], [, b]) => b.size - a.size)) {
    const least = load.indexOf(Math.min(...load));
    load[least]! += numbers;
    found.set(name, least);
  }
  return found;
}
