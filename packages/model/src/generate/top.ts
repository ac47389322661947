/** Searches in `float32[V]` logits, on the host. */

/** The place of the largest number; of equal ones the first. */
export function largest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** The places of the `k` largest numbers, largest first; of equal ones the first comes first. */
export function topOf(values: ArrayLike<number>, k: number): number[] {
  const top: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (top.length === k && values[i]! <= values[top[k - 1]!]!) continue;
    if (top.length === k) top.pop();
    let at = top.length;
    while (at > 0 && values[i]! > values[top[at - 1]!]!) at--;
    top.splice(at, 0, i);
  }
  return top;
}

/** log Σ exp. */
export function logSumExp(values: ArrayLike<number>): number {
  const peak = values[largest(values)]!;
  let total = 0;
  for (let i = 0; i < values.length; i++) total += Math.exp(values[i]! - peak);
  return peak + Math.log(total);
}
