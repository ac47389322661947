/**
 * ψ(x) for x > 0, by recurrence up to 7 and an asymptotic series (Abramowitz and Stegun, 6.3.5 and 6.3.18).
 */
export function digamma(x: number): number {
  let sum = 0;
  let at = x;
  for (; at < 7; at++) sum -= 1 / at;
  const inverse = 1 / (at * at);
  const series = inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse / 240)));
  return sum + Math.log(at) - 0.5 / at - series;
}
