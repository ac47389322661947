/** The activations of a linear map and their derivatives, on four lanes. */

import { expf4, mulAdd } from './fused-math';
import { splat } from './math';

/** Numbered as in src/fused/linear.ts. */
export const enum Activation { Gelu, GeluErf, QuickGelu }

/** √(2/π) and the cubic coefficient of GELU's tanh form. */
const GELU_SCALE: f32 = 0.7978845608028654;
const GELU_CUBIC: f32 = 0.044715;
const QUICK: f32 = 1.702;
/** 1 / √(2π) */
const DENSITY: f32 = 0.3989422804014327;

// @ts-ignore: decorator
@inline
export function activationf4(op: i32, z: v128): v128 {
  return f32x4.mul(z, op == Activation.GeluErf ? normalf4(z, normalExponential(z)) : gateOf(op, z));
}

/** The derivative of `activationf4`: g + z·g′. */
// @ts-ignore: decorator
@inline
export function activationGradf4(op: i32, z: v128): v128 {
  if (op == Activation.GeluErf) {
    const e = normalExponential(z);
    return mulAdd(f32x4.mul(z, splat(DENSITY)), e, normalf4(z, e));
  }
  const gate = gateOf(op, z);
  const slope = op == Activation.QuickGelu
    ? splat(QUICK)
    : mulAdd(f32x4.mul(z, z), splat(6 * GELU_SCALE * GELU_CUBIC), splat(2 * GELU_SCALE));
  const inner = f32x4.mul(f32x4.mul(gate, f32x4.sub(splat(1), gate)), f32x4.mul(z, slope));
  return f32x4.add(gate, inner);
}

/** The logistic function of 1.702 z, or of 2u with u = √(2/π)(z + 0.044715 z³), which is ½(1 + tanh u) without cancellation. */
// @ts-ignore: decorator
@inline
function gateOf(op: i32, z: v128): v128 {
  const minus = op == Activation.QuickGelu
    ? splat(-QUICK)
    : mulAdd(f32x4.mul(z, z), splat(-2 * GELU_SCALE * GELU_CUBIC), splat(-2 * GELU_SCALE));
  return f32x4.div(splat(1), f32x4.add(splat(1), expf4(f32x4.mul(z, minus))));
}

/** e^(−z²/2) */
// @ts-ignore: decorator
@inline
function normalExponential(z: v128): v128 {
  return expf4(f32x4.mul(f32x4.mul(z, z), splat(-0.5)));
}

/**
 * The normal distribution function Φ to 5e-7 of itself, in the lower tail too. Φ(−a) = e^(−a²/2) · P(t) with t = 1 / (1 + 0.3 a) for
 * a ≥ 0; P is the minimax polynomial of degree 8 for a ≤ 13.5 (the form of Abramowitz and Stegun, 7.1.26, with more terms).
 */
// @ts-ignore: decorator
@inline
function normalf4(z: v128, exponential: v128): v128 {
  const t = f32x4.div(splat(1), mulAdd(f32x4.abs(z), splat(0.3), splat(1)));
  let p = mulAdd(splat(0.035931810), t, splat(-0.15827629));
  p = mulAdd(p, t, splat(0.20820706));
  p = mulAdd(p, t, splat(-0.055394210));
  p = mulAdd(p, t, splat(0.12946936));
  p = mulAdd(p, t, splat(0.099637449));
  p = mulAdd(p, t, splat(0.12079836));
  p = mulAdd(p, t, splat(0.11962639));
  const tail = f32x4.mul(f32x4.mul(p, t), exponential);
  return v128.bitselect(tail, f32x4.sub(splat(1), tail), f32x4.lt(z, splat(0)));
}
