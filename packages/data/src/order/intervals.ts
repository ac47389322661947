/** Places in a sequence from `from` on, before `to`. */
export type Interval = readonly [from: number, to: number];

/** Sorted intervals that do not touch: a set of places, however many. */
export type Places = readonly Interval[];

/** How many places there are. */
export function countOf(places: Places): number {
  return places.reduce((total, [from, to]) => total + to - from, 0);
}

/** The places that are the `begin`-th to the one before the `end`-th of these. */
export function slice(places: Places, begin: number, end: number): Places {
  return begin < end ? slices(places, [[begin, end]]) : [];
}

/** The places whose numbers among these lie in the ranges. */
export function slices(places: Places, ranges: Places): Places {
  const chosen: Interval[] = [];
  let before = 0;
  let index = 0;
  for (const [begin, end] of ranges) {
    for (; index < places.length; index++) {
      const [from, to] = places[index]!;
      const first = Math.max(begin - before, 0);
      const last = Math.min(end - before, to - from);
      if (first < last) chosen.push([from + first, from + last]);
      // The rest of this interval may be in the next range.
      if (end < before + to - from) break;
      before += to - from;
    }
  }
  return chosen;
}

/** All places of sets that have none in common. */
export function union(sets: readonly Places[]): Places {
  const joined: [number, number][] = [];
  for (const [from, to] of sets.flat().sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last && last[1] === from) last[1] = to;
    else joined.push([from, to]);
  }
  return joined;
}

/** The places whose numbers among these are given. */
export function pick(places: Places, numbers: Iterable<number>): Places {
  const chosen: [number, number][] = [];
  let index = 0;
  let before = 0;
  for (const number of [...numbers].sort((a, b) => a - b)) {
    while (index < places.length && number - before >= places[index]![1] - places[index]![0]) {
      before += places[index]![1] - places[index]![0];
      index++;
    }
    const interval = places[index];
    if (!interval) break;
    const place = interval[0] + number - before;
    const last = chosen.at(-1);
    if (last && last[1] === place) last[1]++;
    else chosen.push([place, place + 1]);
  }
  return chosen;
}
