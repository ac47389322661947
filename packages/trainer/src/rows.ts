import type { Learner, Share } from '@simvlm/core';

/**
 * The rows of a step that one of several processes computes. Rows are dealt like cards, through all parts: every row goes to one
 * process, numbers of rows differ by one at most, and where rows are sorted by length (`lengthGroups`) each process gets short
 * and long ones. Parts of which it gets no row are left out.
 *
 * ```
 * 5 pairs, 2 documents, 2 processes      pairs  0 1 0 1 0      documents  1 0
 * ```
 */
export function ownRows<B>(
  learner: Pick<Learner<B>, 'rows' | 'select'>,
  parts: readonly B[],
  { rank, size }: Share,
): B[] {
  const own: B[] = [];
  let dealt = 0;
  for (const part of parts) {
    const rows: number[] = [];
    const count = learner.rows(part);
    for (let row = 0; row < count; row++) if (dealt++ % size === rank) rows.push(row);
    if (rows.length > 0) own.push(learner.select(part, rows));
  }
  return own;
}
