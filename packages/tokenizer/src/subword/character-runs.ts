const CODE_POINTS = 0x110000;

/** A byte for each code point, all 0. */
export function codePointTable(): Uint8Array {
  return new Uint8Array(CODE_POINTS);
}

/**
 * Sets a bit of every character of a class.
 *
 * @param runs `gap-more,gap,…` to the base 36: how many characters are not in the class, then how many more than one are
 */
export function markRuns(table: Uint8Array, runs: string, bit: number): void {
  let at = 0;
  for (const run of runs.split(',')) {
    const [gap, more = '0'] = run.split('-') as [string, string?];
    at += Number.parseInt(gap, 36);
    const end = at + 1 + Number.parseInt(more, 36);
    while (at < end) table[at++]! |= bit;
  }
}

/** `White_Space` beyond ASCII, which no later version of Unicode will change. */
export const WHITE_SPACE: readonly number[] = [
  0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a,
  0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
];
