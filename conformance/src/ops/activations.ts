import type { Activation } from '@simvlm/ops';

/** The activations of a linear map, in float64. */
export const ACTIVATIONS = {
  /** GELU in its tanh form. */
  gelu: z => 0.5 * z * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3))),
  'gelu-erf': z => z * normal(z),
  'quick-gelu': z => z / (1 + Math.exp(-1.702 * z)),
} as const satisfies Record<Exclude<Activation, 'none'>, (z: number) => number>;

/** Numbers before an activation, and what it makes of them. */
export function activated(activation: Activation, z: Float64Array): Float64Array {
  return activation === 'none' ? z : z.map(ACTIVATIONS[activation]);
}

/** The normal distribution function to 1e-15: ½ + φ(z) · (z + z³/3 + z⁵/15 + …) (Marsaglia, Evaluating the Normal Distribution, 2004). */
function normal(z: number): number {
  if (Math.abs(z) > 9) return z > 0 ? 1 : 0;
  let [sum, term] = [z, z];
  for (let i = 3; sum !== sum + term / 4; i += 2) {
    term *= z ** 2 / i;
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-(z ** 2) / 2)) / Math.sqrt(2 * Math.PI);
}
