import type { Match } from './matches';

/** Alignments that are followed at once. */
const BEAM = 40;

/** How far an alignment has come, from left to right in the reference. */
interface Path {
  /** By their start in the reference. */
  readonly chosen: (Match | undefined)[];
  readonly usedOwn: boolean[];
  readonly usedOthers: boolean[];
  /** Words that are covered, counted as `covers` says. */
  covered: number;
  chunks: number;
  /** The next word of the reference that no match has passed. */
  next: number;
  /** Where the last match ends in the prediction; −1 where the words before match nothing. */
  end: number;
  distance: number;
}

/**
 * The best alignment of a prediction and a reference: more words covered, then fewer chunks, then less distance, by beam search. It follows METEOR 1.5
 * in three odd things, on which its numbers depend: a match that is not exact counts as half its length, rounded down, so that a single word counts
 * nothing; a chunk counts when it ends; the distance of a match is charged to the path that it leaves.
 *
 * @param matches all possible ones, by their start in the reference
 * @param words of the prediction
 * @returns for each word of the reference the match that begins there
 */
export function align(matches: readonly (readonly Match[])[], words: number): (Match | undefined)[] {
  let paths: Path[] = [withFixed(matches, words)];
  for (const [place, list] of matches.entries()) {
    const next: Path[] = [];
    for (const path of paths.sort(better).slice(0, BEAM)) follow(path, place, list, next);
    // Words that a longer match took leave a path nowhere to go.
    paths = next.length > 0 ? next : paths.slice(0, 1);
  }
  const complete = paths.sort(better).slice(0, BEAM);
  for (const path of complete) if (path.end !== -1) path.chunks++;
  return complete.sort(better)[0]!.chosen;
}

function better(a: Path, b: Path): number {
  return b.covered - a.covered || a.chunks - b.chunks || a.distance - b.distance;
}

/** A match that alone covers all its words is certain. */
function withFixed(matches: readonly (readonly Match[])[], words: number): Path {
  const [own, others] = [new Array<number>(words).fill(0), new Array<number>(matches.length).fill(0)];
  for (const match of matches.flat()) {
    for (let i = 0; i < match.count; i++) own[match.from + i]!++;
    for (let i = 0; i < match.length; i++) others[match.start + i]!++;
  }
  const path: Path = {
    chosen: new Array<Match | undefined>(matches.length).fill(undefined),
    usedOwn: own.map(() => false),
    usedOthers: others.map(() => false),
    ...{ covered: 0, chunks: 0, next: 0, end: -1, distance: 0 },
  };
  for (const [match, ...more] of matches) {
    if (!match || more.length > 0) continue;
    const alone =
      own.slice(match.from, match.from + match.count).every(count => count === 1) &&
      others.slice(match.start, match.start + match.length).every(count => count === 1);
    if (alone) use(path, match);
  }
  return path;
}

function use({ chosen, usedOwn, usedOthers }: Path, match: Match): void {
  chosen[match.start] = match;
  usedOwn.fill(true, match.from, match.from + match.count);
  usedOthers.fill(true, match.start, match.start + match.length);
}

/** The ways on from a path at a place of the reference. */
function follow(path: Path, place: number, matches: readonly Match[], next: Path[]): void {
  if (path.usedOthers[place]) {
    if (place >= path.next) {
      const fixed = path.chosen[path.next];
      if (!fixed) return;
      take(path, fixed);
      path.distance += Math.abs(fixed.start - fixed.from);
    }
    next.push(path);
    return;
  }
  for (const match of matches) {
    if (isUsed(path, match)) continue;
    const copy: Path = {
      ...path,
      chosen: [...path.chosen],
      usedOwn: [...path.usedOwn],
      usedOthers: [...path.usedOthers],
    };
    use(copy, match);
    take(copy, match);
    path.distance += Math.abs(match.start - match.from);
    next.push(copy);
  }
  if (path.end !== -1) {
    path.chunks++;
    path.end = -1;
  }
  path.next++;
  next.push(path);
}

function take(path: Path, match: Match): void {
  path.covered += covers(match, match.count) + covers(match, match.length);
  if (path.end !== -1 && match.from !== path.end) path.chunks++;
  path.next = match.start + match.length;
  path.end = match.from + match.count;
}

function covers({ stage }: Match, words: number): number {
  return stage === 'exact' ? words : Math.floor(words / 2);
}

function isUsed({ usedOwn, usedOthers }: Path, { from, count, start, length }: Match): boolean {
  return (
    usedOwn.slice(from, from + count).includes(true) || usedOthers.slice(start, start + length).includes(true)
  );
}
