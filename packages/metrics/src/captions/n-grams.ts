/** The words of a line of tokens. */
export function wordsOf(line: string): string[] {
  return line.split(' ').filter(word => word !== '');
}

/**
 * How often each n-gram of a line occurs.
 *
 * @returns for n = 1 … `longest`, at index n − 1: n-gram (words joined by spaces) → count
 */
export function countNGrams(words: readonly string[], longest: number): Map<string, number>[] {
  const counts = Array.from({ length: longest }, () => new Map<string, number>());
  for (let from = 0; from < words.length; from++) {
    let nGram = '';
    for (let n = 0; n < longest && from + n < words.length; n++) {
      nGram = n === 0 ? words[from]! : `${nGram} ${words[from + n]!}`;
      const own = counts[n]!;
      own.set(nGram, (own.get(nGram) ?? 0) + 1);
    }
  }
  return counts;
}

/** For each n-gram its largest count in any one of the lines. */
export function largestCounts(lines: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const largest = new Map<string, number>();
  for (const counts of lines)
    for (const [nGram, count] of counts) if (count > (largest.get(nGram) ?? 0)) largest.set(nGram, count);
  return largest;
}
