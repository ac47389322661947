/** Rows of features, `float32[n, width]`. */
export interface Rows {
  readonly width: number;
  readonly values: Float32Array;
}

/** Deviations below this share of the mean are rounding: the feature never changes. */
const ROUNDING = 1e-7;

/** Takes off the mean of each feature and divides by its deviation over the given rows. A feature that never changes there becomes 0 everywhere. */
export function standardiser({ width, values }: Rows): (rows: Rows) => Rows {
  const rows = values.length / width;
  const [sums, squares] = [new Float64Array(width), new Float64Array(width)];
  for (let i = 0; i < values.length; i++) sums[i % width]! += values[i]!;
  const means = sums.map(sum => sum / rows);
  for (let i = 0; i < values.length; i++) squares[i % width]! += (values[i]! - means[i % width]!) ** 2;
  const scales = squares.map((sum, feature) => {
    const deviation = Math.sqrt(sum / rows);
    return deviation <= ROUNDING * Math.abs(means[feature]!) ? 0 : 1 / deviation;
  });
  return given => ({
    width,
    values: given.values.map((value, i) => (value - means[i % width]!) * scales[i % width]!),
  });
}
