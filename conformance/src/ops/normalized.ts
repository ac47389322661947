/** Normalises the numbers that `groupOf` puts together, in float64. */
export function normalized(x: Float64Array, groupOf: (i: number) => number, groups: number, epsilon: number) {
  const count = new Float64Array(groups);
  const mean = new Float64Array(groups);
  const variance = new Float64Array(groups);
  x.forEach((v, i) => {
    mean[groupOf(i)]! += v;
    count[groupOf(i)]!++;
  });
  mean.forEach((_, g) => {
    mean[g]! /= count[g]!;
  });
  x.forEach((v, i) => {
    variance[groupOf(i)]! += (v - mean[groupOf(i)]!) ** 2 / count[groupOf(i)]!;
  });
  const rstd = variance.map(v => 1 / Math.sqrt(v + epsilon));
  return { mean, rstd, y: x.map((v, i) => (v - mean[groupOf(i)]!) * rstd[groupOf(i)]!) };
}
