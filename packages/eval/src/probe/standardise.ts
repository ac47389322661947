/** Rows of features, `float32[n, width]`. */
export interface Rows {
  readonly width: number;
  readonly values: Float32Array;
}

/** How features become standard ones: x → (x − mean) · scale, `[width]` each. */
export interface Standard {
  readonly means: Float64Array;
  readonly scales: Float64Array;
}

/** Deviations below this share of the mean are rounding: the feature never changes. */
const ROUNDING = 1e-7;

/** By the mean and the deviation of each feature over these rows. The scale of a feature that never changes is 0: it counts for nothing. */
export function standardOf({ width, values }: Rows): Standard {
  const rows = values.length / width;
  const [sums, squares] = [new Float64Array(width), new Float64Array(width)];
  for (let i = 0; i < values.length; i++) sums[i % width]! += values[i]!;
  const means = sums.map(sum => sum / rows);
  for (let i = 0; i < values.length; i++) squares[i % width]! += (values[i]! - means[i % width]!) ** 2;
  const scales = squares.map((sum, feature) => {
    const deviation = Math.sqrt(sum / rows);
    return deviation <= ROUNDING * Math.abs(means[feature]!) ? 0 : 1 / deviation;
  });
  return { means, scales };
}

export function standardised({ width, values }: Rows, { means, scales }: Standard): Rows {
  return { width, values: values.map((value, i) => (value - means[i % width]!) * scales[i % width]!) };
}
