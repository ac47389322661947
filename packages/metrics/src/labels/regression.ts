import { meanOf } from '../mean';

/** A number that was predicted, and the true one. */
export interface NumberItem {
  readonly id: string;
  readonly prediction: number;
  readonly label: number;
}

/**
 * Pearson's correlation of predicted and true numbers, as GLUE has it for STS-B.
 *
 * @returns −1 to 1; undefined where one side is always the same
 */
export function pearson(items: readonly NumberItem[]): number | undefined {
  return correlation(
    items.map(({ prediction }) => prediction),
    items.map(({ label }) => label),
  );
}

/** Spearman's: Pearson's of the ranks, ties with their mean rank. @returns −1 to 1; undefined where one side is always the same */
export function spearman(items: readonly NumberItem[]): number | undefined {
  return correlation(
    ranks(items.map(({ prediction }) => prediction)),
    ranks(items.map(({ label }) => label)),
  );
}

function correlation(a: readonly number[], b: readonly number[]): number | undefined {
  // By their values: what rounding makes of their distance from the mean is not always 0.
  if (isConstant(a) || isConstant(b)) return undefined;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    const [x, y] = [value - meanA, b[i]! - meanB];
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return product / Math.sqrt(squaresA * squaresB);
}

function isConstant(values: readonly number[]): boolean {
  return values.every(value => value === values[0]);
}

function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const found = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let at = from; at < to; at++) found[order[at]!] = (from + to - 1) / 2 + 1;
    from = to;
  }
  return found;
}
