/**
 * Arithmetic and comparisons of int32, which tfjs does in float32, so that numbers from 2²⁴ on lose their last digits; and quotients of
 * float32 that are rounded down, where tfjs goes through int32.
 */
import * as tf from '@tensorflow/tfjs-core';
import { kernel, type Of, type SimVlmWebGpuBackend, type T, type WebGpuKernel } from '../fused/kernel';
import type { Program } from '../program';
import { IS_NAN } from '../wgsl';
import { TO_INT } from './cast';
import { each, launchEach, THREADS } from './elementwise';
import { runOriginal } from './original';

/** By 0 it is 0, as in tfjs on the CPU. */
const INT_DIVISION = `
fn floorDiv(a: i32, b: i32) -> i32 {
  if (b == 0) { return 0; }
  let q = a / b;
  return select(q, q - 1, a % b != 0 && (a < 0) != (b < 0));
}
fn modulo(a: i32, b: i32) -> i32 { return select(a - floorDiv(a, b) * b, 0, b == 0); }`;

/** The rest by subtraction, which is exact, where a quotient may be off by its last digit and miss the whole number. */
const FLOAT_DIVISION = `
${IS_NAN}${TO_INT}
fn modulo(a: f32, b: f32) -> f32 {
  let size = abs(b);
  if (isNan(a) || isNan(b) || abs(a) > 3.4028234e38 || size < 1.1754944e-38) { return u.nanF; }
  var rest = abs(a);
  var part = size;
  while (part <= 0.5 * rest) { part *= 2.0; }
  while (part >= size) {
    if (rest >= part) { rest -= part; }
    part *= 0.5;
  }
  return select(rest, size - rest, rest > 0.0 && (a < 0.0) != (b < 0.0)) * select(1.0, -1.0, b < 0.0);
}
fn floorDiv(a: f32, b: f32) -> f32 {
  if (b == 0.0 || isNan(a) || isNan(b)) { return u.nanF; }
  if (abs(a) > 3.4028234e38) { return a; }
  return round((a - modulo(a, b)) / b);
}`;

/** Of int32, by name of the kernel: an expression of `a` and `b`, and whether it is a bool. */
const ofInts: Readonly<Record<string, readonly [expression: string, isBool?: boolean]>> = {
  Add: ['a + b'],
  Sub: ['a - b'],
  Multiply: ['a * b'],
  SquaredDifference: ['(a - b) * (a - b)'],
  Maximum: ['max(a, b)'],
  Minimum: ['min(a, b)'],
  FloorDiv: ['floorDiv(a, b)'],
  Mod: ['modulo(a, b)'],
  BitwiseAnd: ['a & b'],
  Equal: ['i32(a == b)', true],
  NotEqual: ['i32(a != b)', true],
  Less: ['i32(a < b)', true],
  LessEqual: ['i32(a <= b)', true],
  Greater: ['i32(a > b)', true],
  GreaterEqual: ['i32(a >= b)', true],
};

/** Of float32: an expression, and its type. */
const ofFloats: Readonly<Record<string, readonly [expression: string, dtype: 'int32' | 'float32']>> = {
  // Of that type in tfjs.
  FloorDiv: ['toInt(floorDiv(a, b))', 'int32'],
  Mod: ['modulo(a, b)', 'float32'],
};

/** Operands broadcast as NumPy does: of each axis the extent, and each operand's step along it, 0 where it is repeated. */
function programOf(
  name: string,
  rank: number,
  [type, output]: readonly ['i32' | 'f32', 'i32' | 'f32'],
  expression: string,
): Program {
  const axes = Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return {
    key: `${name} ${type} ${rank}`,
    reads: { lefts: type, rights: type },
    writes: { ys: output },
    uniforms: ['size', 'nanF', ...axes.flatMap(axis => [`extent${axis}`, `a${axis}`, `b${axis}`])],
    workgroup: [THREADS, 1, 1],
    code: () =>
      `${type === 'i32' ? INT_DIVISION : FLOAT_DIVISION}${each(`
  var rest = i;
  var atA = 0u;
  var atB = 0u;
  ${axes
    .map(
      axis =>
        `{ let c = rest % u.extent${axis}; rest /= u.extent${axis}; atA += c * u.a${axis}; atB += c * u.b${axis}; }`,
    )
    .join('\n  ')}
  let a = lefts[atA];
  let b = rights[atB];
  ys[i] = ${expression};`)}`,
  };
}

const programs = new Map<string, Program>();

function run(
  b: SimVlmWebGpuBackend,
  name: string,
  { a, b: other }: Of<'a' | 'b'>,
  expression: string,
  dtype: tf.DataType,
): T {
  const shape = tf.backend_util.assertAndGetBroadcastShape([...a.shape], [...other.shape]);
  const type = a.dtype === 'int32' ? 'i32' : 'f32';
  const key = `${name} ${type} ${shape.length}`;
  const program =
    programs.get(key) ??
    programOf(name, shape.length, [type, dtype === 'float32' ? 'f32' : 'i32'], expression);
  programs.set(key, program);
  const uniforms: Record<string, number> = { nanF: Number.NaN };
  const [stepsA, stepsB] = [steps(a.shape, shape.length), steps(other.shape, shape.length)];
  for (const [axis, extent] of shape.entries()) {
    uniforms[`extent${axis}`] = extent;
    uniforms[`a${axis}`] = stepsA[axis]!;
    uniforms[`b${axis}`] = stepsB[axis]!;
  }
  return launchEach(b, program, [a, other], b.make(shape, dtype), uniforms);
}

function steps(shape: readonly number[], rank: number): number[] {
  const result: number[] = new Array(rank).fill(0);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1) result[rank - shape.length + axis] = step;
    step *= shape[axis]!;
  }
  return result;
}

export const binaryKernels: readonly WebGpuKernel[] = Object.entries(ofInts).map(
  ([name, [expression, isBool]]) =>
    kernel<Of<'a' | 'b'>>(name, (b, inputs) => {
      const { a, b: other } = inputs;
      if (a.dtype === 'int32' && other.dtype === 'int32')
        return run(b, name, inputs, expression, isBool ? 'bool' : 'int32');
      const ofFloat = a.dtype === 'float32' && other.dtype === 'float32' ? ofFloats[name] : undefined;
      return ofFloat ? run(b, name, inputs, ...ofFloat) : runOriginal(name, b, inputs);
    }),
);
