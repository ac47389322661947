/**
 * Functions of one number where tfjs's WGSL goes wrong: at NaN, at numbers below 1.2e-38 (which GPUs take for 0 unless one looks at
 * their bits), where e^x overflows half-way, and where WGSL lets a GPU be inexact (`sin` and `acos` to 2⁻¹¹ or so).
 */
import { kernel, type Of, type WebGpuKernel } from '../fused/kernel';
import type { Program } from '../program';
import { IS_NAN } from '../wgsl';
import { each, launchEach, THREADS } from './elementwise';
import { runOriginal } from './original';

/** Below the normal numbers, the number is the bits times 2⁻¹⁴⁹. */
const SUBNORMAL = `
fn isSubnormal(x: f32) -> bool { return bitcast<u32>(x) - 1 < 0x7fffffu; }
fn mantissa(x: f32) -> f32 { return f32(bitcast<u32>(x)); }
fn isPositive(x: f32) -> bool { return bitcast<i32>(x) > 0; }
fn isZero(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0; }`;

/**
 * x − k · π/2 in three parts (Cody and Waite, 1980), then the minimax polynomials of Cephes on [−π/4, π/4]. From about 10⁴ on that
 * loses digits, and is left to the GPU.
 */
const CIRCLE = `
fn circle(x: f32) -> vec2<f32> {
  if (abs(x) > 1e4) { return vec2<f32>(sin(x), cos(x)); }
  let k = round(x * 0.63661977);
  let r = ((x - k * 1.5703125) - k * 4.837512969970703e-4) - k * 7.549790126404332e-8;
  let z = r * r;
  let s = r + r * z * ((-1.9515296e-4 * z + 8.3321609e-3) * z - 1.6666654611e-1);
  let c = 1.0 - 0.5 * z + z * z * ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2);
  let quarter = i32(k) & 3;
  let both = select(vec2<f32>(s, c), vec2<f32>(c, -s), (quarter & 1) == 1);
  return select(both, -both, quarter >= 2);
}`;

/** e^|x| / 2 in two factors, as e^89 is no float32 and half of it is one. */
const HALF_EXP = `
fn halfExp(x: f32) -> f32 { let e = exp(0.5 * abs(x)); return 0.5 * e * e; }`;

/** By name of the kernel: helpers, an expression of `x` that is not NaN, and what NaN gives where that is not NaN. */
const functions: Readonly<Record<string, readonly [helpers: string, expression: string, ofNan?: string]>> = {
  Sin: [CIRCLE, 'circle(x).x'],
  Cos: [CIRCLE, 'circle(x).y'],
  Tan: [CIRCLE, 'circle(x).x / circle(x).y'],
  Acos: ['', 'select(atan2(sqrt((1.0 - x) * (1.0 + x)), x), u.nanF, abs(x) > 1.0)'],
  // Near 0 the first terms of the series, as 1 + e^x has lost what they are.
  Sinh: [
    HALF_EXP,
    'select(sign(x) * (halfExp(x) - 0.25 / halfExp(x)), x * (1.0 + x * x * (1.0 / 6.0 + x * x / 120.0)), abs(x) < 0.3)',
  ],
  Cosh: [HALF_EXP, 'halfExp(x) + 0.25 / halfExp(x)'],
  Asinh: ['', 'sign(x) * select(log(abs(x) + sqrt(x * x + 1.0)), log(abs(x)) + 0.69314718, abs(x) > 1e9)'],
  Acosh: ['', 'select(select(log(x + sqrt(x * x - 1.0)), log(x) + 0.69314718, x > 1e9), u.nanF, x < 1.0)'],
  Atanh: [
    '',
    'select(select(0.5 * log((1.0 + x) / (1.0 - x)), x * u.infF, abs(x) == 1.0), u.nanF, abs(x) > 1.0)',
  ],
  Exp: ['', 'exp(x)'],
  Expm1: ['', 'select(exp(x) - 1.0, x * (1.0 + x * (0.5 + x / 6.0)), abs(x) < 0.01)'],
  Log1p: ['', 'select(select(log(1.0 + x), x, abs(x) < 1e-4), u.nanF, x < -1.0)'],
  Log: [SUBNORMAL, 'select(select(log(x), log(mantissa(x)) - 103.27893, isSubnormal(x)), u.nanF, x < 0.0)'],
  Rsqrt: [SUBNORMAL, 'select(inverseSqrt(x), inverseSqrt(mantissa(x)) * 2.6713739e22, isSubnormal(x))'],
  Sigmoid: ['', '1.0 / (1.0 + exp(-x))'],
  Softplus: ['', 'max(x, 0.0) + log(1.0 + exp(-abs(x)))'],
  Elu: ['', 'select(exp(x) - 1.0, x, x >= 0.0)'],
  Selu: ['', 'select(1.7580993408473768 * (exp(x) - 1.0), 1.0507009873554805 * x, x >= 0.0)'],
  Relu6: ['', 'clamp(x, 0.0, 6.0)'],
  Ceil: [SUBNORMAL, 'select(ceil(x), 1.0, isSubnormal(x))'],
  Sign: [SUBNORMAL, 'select(select(-1.0, 1.0, isPositive(x)), 0.0, isZero(x))', '0.0'],
  Step: [SUBNORMAL, 'select(u.alphaF, 1.0, isPositive(x))'],
};

function programOf(name: string): Program {
  const [helpers, expression, ofNan = 'x'] = functions[name]!;
  return {
    key: name,
    reads: { xs: 'f32' },
    writes: { ys: 'f32' },
    uniforms: ['size', 'nanF', 'infF', 'alphaF'],
    workgroup: [THREADS, 1, 1],
    code: () =>
      `${IS_NAN}${helpers}${each(`
  let x = xs[i];
  if (isNan(x)) { ys[i] = ${ofNan}; } else { ys[i] = ${expression}; }`)}`,
  };
}

export const unaryKernels: readonly WebGpuKernel[] = Object.keys(functions).map(name => {
  const program = programOf(name);
  return kernel<Of<'x'>, { alpha?: number } | undefined>(name, (b, { x }, attrs) => {
    if (x.dtype !== 'float32') return runOriginal(name, b, { x }, attrs ?? {});
    const uniforms = { nanF: Number.NaN, infF: Number.POSITIVE_INFINITY, alphaF: attrs?.alpha ?? 0 };
    return launchEach(b, program, [x], b.make(x.shape, 'float32'), uniforms);
  });
});
