/**
 * `; did you mean "learningRate"?` for the candidate that `word` is most likely a slip of, or nothing when none is close. Letter case
 * does not count; up to a third of the letters may be wrong, missing, extra or swapped with a neighbour.
 */
export function didYouMean(word: string, candidates: readonly string[]): string {
  // Names are short; a long text is no slip of one.
  if (word.length > 64) return '';
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= Math.max(word.length, candidate.length) / 3 && distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best === undefined ? '' : `; did you mean "${best}"?`;
}

/** Damerau and Levenshtein's distance, in which no part is changed twice. */
function editDistance(a: string, b: string): number {
  // rows[i][j]: from the first i letters of a to the first j of b.
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = least;
    }
  return rows[a.length]![b.length]!;
}
