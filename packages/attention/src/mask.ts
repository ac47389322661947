/**
 * One rule says which keys a query sees, in every use of attention in SimVLM.
 *
 * Query `i` stands at absolute position `i + offset`; it sees key `j` when
 *
 *     j < keyLength  and  (j < prefixLength  or  j ≤ i + offset)
 *
 * ■ visible, · hidden; rows are queries, columns keys.
 *
 * ```
 * encoder                 decoder                 cross-attention
 * keyLength 3 of 4        keyLength 3 of 4        memory 2 of 3
 * prefixLength 3          prefixLength 0          prefixLength 2
 *   ■ ■ ■ ·                 ■ · · ·                 ■ ■ ·
 *   ■ ■ ■ ·                 ■ ■ · ·                 ■ ■ ·
 *   ■ ■ ■ ·                 ■ ■ ■ ·                 ■ ■ ·
 *   ■ ■ ■ ·                 ■ ■ ■ ·                 ■ ■ ·
 *
 * decoder-only            cached decoding         cached decoding, decoder-only
 * keyLength 4 of 5        offset 2, keyLength 3   offset 3, keyLength 4
 * prefixLength 2          prefixLength 0          prefixLength 2
 *   ■ ■ · · ·               ■ ■ ■ ·                 ■ ■ ■ ■ ·
 *   ■ ■ · · ·             (one query: the token     (one query)
 *   ■ ■ ■ · ·              just written)
 *   ■ ■ ■ ■ ·
 *   ■ ■ ■ ■ ·   ← a padded query: computed, never used
 * ```
 *
 * A query that sees no key at all (a row of length 0) gives zeros.
 */
export interface MaskRow {
  /** Keys of this row that exist; those behind are padding. */
  readonly keyLength: number;
  /** Keys that everyone sees. */
  readonly prefixLength: number;
  /** Absolute position of query 0. */
  readonly offset?: number;
}

/** The rule, for one query and one key. */
export function visible(
  query: number,
  key: number,
  { keyLength, prefixLength, offset = 0 }: MaskRow,
): boolean {
  return key < keyLength && (key < prefixLength || key <= query + offset);
}

/** The rule as a picture, one string a query: for explanations and tests. No kernel builds it. */
export function maskPicture(queries: number, keys: number, row: MaskRow): string[] {
  return Array.from({ length: queries }, (_, i) =>
    Array.from({ length: keys }, (_, j) => (visible(i, j, row) ? '■' : '·')).join(''),
  );
}
