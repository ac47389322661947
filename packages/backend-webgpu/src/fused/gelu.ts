/**
 * GELU (Hendrycks and Gimpel, 2016) in its tanh form, as z · σ(2u) with u = √(2/π) (z + 0.044715 z³): tanh loses all digits where it is
 * near −1, the quotient none. The exponent is held where e⁸⁰ and its products stay finite, as WGSL promises nothing about infinity.
 *
 * @param V f32 or vec4<f32>: what the functions take
 */
export function geluText(V: 'f32' | 'vec4<f32>'): string {
  return `
fn geluExponential(z: ${V}) -> ${V} {
  return exp(min(-1.5957691216057308 * z * (1.0 + 0.044715 * z * z), ${V}(80.0)));
}
fn gelu(z: ${V}) -> ${V} { return z / (1.0 + geluExponential(z)); }
// σ + z σ (1 − σ) (2u)′
fn geluSlope(z: ${V}) -> ${V} {
  let e = geluExponential(z);
  let sigma = 1.0 / (1.0 + e);
  return sigma + z * (e * sigma * sigma) * (1.5957691216057308 * (1.0 + 0.134145 * z * z));
}`;
}
