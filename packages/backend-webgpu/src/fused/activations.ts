/**
 * What follows a linear map, and its slope, as text. Exponents are held where what is made of them stays finite, as WGSL promises
 * nothing about infinity.
 */
import type { Activation } from '@simvlm/ops';

type Numbers = 'f32' | 'vec4<f32>';

/** `fn activation(z)` and `fn activationSlope(z)`, of one number or of four; nothing for none. */
export function activationText(activation: Activation, V: Numbers): string {
  if (activation === 'none') return '';
  return activation === 'gelu-erf' ? normalText(V) : gatedText(GATES[activation], V);
}

/** s(z) and its derivative: the activation is z · σ(s). Where z is `far`, |s| is nearly 80 and σ no longer changes what is stored. */
const GATES = {
  // tanh loses all digits where it is near −1, a quotient none: ½(1 + tanh u) = σ(2u), u = √(2/π) (z + 0.044715 z³).
  gelu: {
    value: '1.5957691216057308 * z * (1.0 + 0.044715 * z * z)',
    slope: '1.5957691216057308 * (1.0 + 0.134145 * z * z)',
    far: '9.6',
  },
  'quick-gelu': { value: '1.702 * z', slope: '1.702', far: '47.0' },
} as const;

function gatedText({ value, slope, far }: (typeof GATES)[keyof typeof GATES], V: Numbers): string {
  return `
fn held(z: ${V}) -> ${V} { return clamp(z, ${V}(-${far}), ${V}(${far})); }
fn minusExponential(z: ${V}) -> ${V} { return exp(-(${value})); }
fn activation(z: ${V}) -> ${V} { return z / (1.0 + minusExponential(held(z))); }
// σ + z σ (1 − σ) s′
fn activationSlope(far: ${V}) -> ${V} {
  let z = held(far);
  let e = minusExponential(z);
  let sigma = 1.0 / (1.0 + e);
  return sigma + z * (e * sigma * sigma) * (${slope});
}`;
}

/**
 * z · Φ(z). Φ(−a) = e^(−a²/2) · P(t) with t = 1 / (1 + 0.3 a) for a ≥ 0, where P is the minimax polynomial of degree 8 for a ≤ 13.5
 * (the form of Abramowitz and Stegun, 7.1.26, with more terms): 5e-7 of itself, in the lower tail too.
 */
function normalText(V: Numbers): string {
  return `
fn normalExponential(z: ${V}) -> ${V} {
  let a = min(abs(z), ${V}(12.6));
  return exp(-0.5 * a * a);
}
fn normal(z: ${V}, e: ${V}) -> ${V} {
  let t = 1.0 / (1.0 + 0.3 * abs(z));
  var p = 0.035931810 * t - 0.15827629;
  p = p * t + 0.20820706;
  p = p * t - 0.055394210;
  p = p * t + 0.12946936;
  p = p * t + 0.099637449;
  p = p * t + 0.12079836;
  p = p * t + 0.11962639;
  let tail = p * t * e;
  return select(1.0 - tail, tail, z < ${V}());
}
fn activation(z: ${V}) -> ${V} { return z * normal(z, normalExponential(z)); }
// Φ + z φ
fn activationSlope(z: ${V}) -> ${V} {
  let e = normalExponential(z);
  return normal(z, e) + 0.3989422804014327 * z * e;
}`;
}
