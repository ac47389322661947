import type { Random } from '@simvlm/core';

/**
 * As many members of each group as the smallest has, `most` at most, drawn at random: so whoever knows the groups alone cannot do better than
 * chance. Nothing where a group is empty.
 *
 * @returns in the order of the groups
 */
export function balanced<K, T>(
  groups: ReadonlyMap<K, readonly T[]>,
  random: Random,
  most = Number.POSITIVE_INFINITY,
): (readonly [group: K, member: T])[] {
  const count = Math.min(most, ...[...groups.values()].map(({ length }) => length));
  return [...groups].flatMap(([key, members], place) =>
    some(members, count, random.fork(place)).map(member => [key, member] as const),
  );
}

/** Members drawn without replacement; all of them where there are fewer. */
export function some<T>(members: readonly T[], count: number, random: Random): T[] {
  const order = random.permutation(members.length).subarray(0, count);
  return Array.from(order, place => members[place]!);
}

/** Members by what is said of each; those of which nothing is said are left out. */
export function groupBy<K, T>(
  keys: readonly K[],
  members: readonly T[],
  keyOf: (member: T) => K | undefined,
): Map<K, T[]> {
  const groups = new Map<K, T[]>(keys.map(key => [key, []]));
  for (const member of members) {
    const key = keyOf(member);
    if (key !== undefined) groups.get(key)?.push(member);
  }
  return groups;
}
