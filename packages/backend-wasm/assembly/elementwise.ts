import { float, int, ptr } from './lib/args';
import { exp4, log4, sigmoid4, splat, tanh4 } from './lib/math';

// The operations, numbered as in src/kernels/elementwise.ts.
const enum Binary { Add, Sub, Multiply, RealDiv, Maximum, Minimum, SquaredDifference }
const enum Unary { Relu, Step, Exp, Log, Sqrt, Rsqrt, Square, Neg, Abs, Tanh, Sigmoid, Reciprocal }

// @ts-ignore: decorator
@inline
function binary(op: i32, x: v128, y: v128): v128 {
  if (op == Binary.Add) return f32x4.add(x, y);
  if (op == Binary.Sub) return f32x4.sub(x, y);
  if (op == Binary.Multiply) return f32x4.mul(x, y);
  if (op == Binary.RealDiv) return f32x4.div(x, y);
  if (op == Binary.Maximum) return f32x4.max(x, y);
  if (op == Binary.Minimum) return f32x4.min(x, y);
  const d = f32x4.sub(x, y);
  return f32x4.mul(d, d);
}

/** z[i] = x[i] op y[i] for i < n; a step of 0 repeats the first number of that operand. */
// @ts-ignore: decorator
@inline
function binaryRow(op: i32, x: usize, xStep: bool, y: usize, yStep: bool, z: usize, n: i32): void {
  let i = n;
  if (xStep && yStep) {
    for (; i >= 8; i -= 8) {
      const r0 = binary(op, v128.load(x), v128.load(y));
      const r1 = binary(op, v128.load(x, 16), v128.load(y, 16));
      v128.store(z, r0);
      v128.store(z, r1, 16);
      x += 32; y += 32; z += 32;
    }
  } else if (xStep) {
    const b = v128.load_splat<f32>(y);
    for (; i >= 4; i -= 4) {
      v128.store(z, binary(op, v128.load(x), b));
      x += 16; z += 16;
    }
  } else if (yStep) {
    const a = v128.load_splat<f32>(x);
    for (; i >= 4; i -= 4) {
      v128.store(z, binary(op, a, v128.load(y)));
      y += 16; z += 16;
    }
  }
  for (; i > 0; i--) {
    store<f32>(z, f32x4.extract_lane(binary(op, v128.load_splat<f32>(x), v128.load_splat<f32>(y)), 0));
    if (xStep) x += 4;
    if (yStep) y += 4;
    z += 4;
  }
}

function binaryAny(op: i32, x: usize, xStep: bool, y: usize, yStep: bool, z: usize, n: i32): void {
  switch (op) {
    case Binary.Add: binaryRow(Binary.Add, x, xStep, y, yStep, z, n); break;
    case Binary.Sub: binaryRow(Binary.Sub, x, xStep, y, yStep, z, n); break;
    case Binary.Multiply: binaryRow(Binary.Multiply, x, xStep, y, yStep, z, n); break;
    case Binary.RealDiv: binaryRow(Binary.RealDiv, x, xStep, y, yStep, z, n); break;
    case Binary.Maximum: binaryRow(Binary.Maximum, x, xStep, y, yStep, z, n); break;
    case Binary.Minimum: binaryRow(Binary.Minimum, x, xStep, y, yStep, z, n); break;
    default: binaryRow(Binary.SquaredDifference, x, xStep, y, yStep, z, n);
  }
}

/** z[i] = x[i·xStep] op y[i·yStep]. One item is one number. args: op, x, xStep (0 or 1), y, yStep, z */
export function binaryFlat(args: usize, begin: i32, end: i32): void {
  const offset = (<usize>begin) << 2;
  const xStep = int(args, 2) != 0, yStep = int(args, 4) != 0;
  binaryAny(
    int(args, 0), ptr(args, 1) + (xStep ? offset : 0), xStep, ptr(args, 3) + (yStep ? offset : 0), yStep,
    ptr(args, 5) + offset, end - begin,
  );
}

/**
 * Broadcasting: z is [d0, d1, d2, d3, n]; x and y have strides (in numbers, 0 where they repeat) for each of these.
 * One item is a row of n. args: op, x, y, z, n, xStep, yStep, d1, d2, d3, strides of x for d0 … d3, of y
 */
export function binaryRows(args: usize, begin: i32, end: i32): void {
  const op = int(args, 0);
  const x = ptr(args, 1), y = ptr(args, 2), z = ptr(args, 3);
  const n = int(args, 4);
  const xStep = int(args, 5) != 0, yStep = int(args, 6) != 0;
  const d1 = int(args, 7), d2 = int(args, 8), d3 = int(args, 9);
  for (let item = begin; item < end; item++) {
    const i3 = item % d3, r2 = item / d3;
    const i2 = r2 % d2, r1 = r2 / d2;
    const i1 = r1 % d1, i0 = r1 / d1;
    const xAt = i0 * int(args, 10) + i1 * int(args, 11) + i2 * int(args, 12) + i3 * int(args, 13);
    const yAt = i0 * int(args, 14) + i1 * int(args, 15) + i2 * int(args, 16) + i3 * int(args, 17);
    binaryAny(
      op, x + ((<usize>xAt) << 2), xStep, y + ((<usize>yAt) << 2), yStep,
      z + (((<usize>item) * <usize>n) << 2), n,
    );
  }
}

/** z[i] = Σ over the operands, first to last. One item is one number. args: z, operands, then their addresses */
export function addN(args: usize, begin: i32, end: i32): void {
  const z = ptr(args, 0);
  const operands = int(args, 1);
  let i = begin;
  for (; i <= end - 4; i += 4) {
    const offset = (<usize>i) << 2;
    let sum = v128.load(ptr(args, 2) + offset);
    for (let p = 1; p < operands; p++) sum = f32x4.add(sum, v128.load(ptr(args, 2 + p) + offset));
    v128.store(z + offset, sum);
  }
  for (; i < end; i++) {
    const offset = (<usize>i) << 2;
    let sum = load<f32>(ptr(args, 2) + offset);
    for (let p = 1; p < operands; p++) sum += load<f32>(ptr(args, 2 + p) + offset);
    store<f32>(z + offset, sum);
  }
}

// @ts-ignore: decorator
@inline
function unary(op: i32, x: v128, p: v128): v128 {
  if (op == Unary.Relu) return f32x4.max(x, splat(0));
  if (op == Unary.Step) {
    const step = v128.bitselect(splat(1), p, f32x4.gt(x, splat(0)));
    return v128.bitselect(step, x, f32x4.eq(x, x));
  }
  if (op == Unary.Exp) return exp4(x);
  if (op == Unary.Log) return log4(x);
  if (op == Unary.Sqrt) return f32x4.sqrt(x);
  if (op == Unary.Rsqrt) return f32x4.div(splat(1), f32x4.sqrt(x));
  if (op == Unary.Square) return f32x4.mul(x, x);
  if (op == Unary.Neg) return f32x4.neg(x);
  if (op == Unary.Abs) return f32x4.abs(x);
  if (op == Unary.Tanh) return tanh4(x);
  if (op == Unary.Sigmoid) return sigmoid4(x);
  return f32x4.div(splat(1), x);
}

// @ts-ignore: decorator
@inline
function unaryRow(op: i32, x: usize, y: usize, n: i32, parameter: f32): void {
  const p = splat(parameter);
  for (; n >= 4; n -= 4) {
    v128.store(y, unary(op, v128.load(x), p));
    x += 16; y += 16;
  }
  for (; n > 0; n--) {
    store<f32>(y, f32x4.extract_lane(unary(op, v128.load_splat<f32>(x), p), 0));
    x += 4; y += 4;
  }
}

/** y[i] = op(x[i]). One item is one number. args: op, x, y, parameter (f32) */
export function unaryFlat(args: usize, begin: i32, end: i32): void {
  const offset = (<usize>begin) << 2;
  const x = ptr(args, 1) + offset, y = ptr(args, 2) + offset;
  const n = end - begin;
  const parameter = float(args, 3);
  switch (int(args, 0)) {
    case Unary.Relu: unaryRow(Unary.Relu, x, y, n, parameter); break;
    case Unary.Step: unaryRow(Unary.Step, x, y, n, parameter); break;
    case Unary.Exp: unaryRow(Unary.Exp, x, y, n, parameter); break;
    case Unary.Log: unaryRow(Unary.Log, x, y, n, parameter); break;
    case Unary.Sqrt: unaryRow(Unary.Sqrt, x, y, n, parameter); break;
    case Unary.Rsqrt: unaryRow(Unary.Rsqrt, x, y, n, parameter); break;
    case Unary.Square: unaryRow(Unary.Square, x, y, n, parameter); break;
    case Unary.Neg: unaryRow(Unary.Neg, x, y, n, parameter); break;
    case Unary.Abs: unaryRow(Unary.Abs, x, y, n, parameter); break;
    case Unary.Tanh: unaryRow(Unary.Tanh, x, y, n, parameter); break;
    case Unary.Sigmoid: unaryRow(Unary.Sigmoid, x, y, n, parameter); break;
    default: unaryRow(Unary.Reciprocal, x, y, n, parameter);
  }
}

/** out[i] = value. One item is one 4-byte number. args: out, value (its bits) */
export function fill(args: usize, begin: i32, end: i32): void {
  const out = ptr(args, 0);
  const value = int(args, 1);
  const four = i32x4.splat(value);
  let i = begin;
  for (; i <= end - 4; i += 4) v128.store(out + ((<usize>i) << 2), four);
  for (; i < end; i++) store<i32>(out + ((<usize>i) << 2), value);
}

/** z[i] = condition[i / repeat] ? x[i] : y[i]. One item is one number. args: condition (bytes), repeat, x, y, z */
export function select(args: usize, begin: i32, end: i32): void {
  const condition = ptr(args, 0), x = ptr(args, 2), y = ptr(args, 3), z = ptr(args, 4);
  const repeat = int(args, 1);
  let i = begin;
  if (repeat == 1) {
    for (; i <= end - 4; i += 4) {
      const offset = (<usize>i) << 2;
      const bytes = i16x8.extend_low_i8x16_u(v128.load_zero<u32>(condition + <usize>i));
      const mask = i32x4.ne(i32x4.extend_low_i16x8_u(bytes), i32x4.splat(0));
      v128.store(z + offset, v128.bitselect(v128.load(x + offset), v128.load(y + offset), mask));
    }
  }
  for (; i < end; i++) {
    const offset = (<usize>i) << 2;
    store<u32>(z + offset, load<u8>(condition + <usize>(i / repeat)) ? load<u32>(x + offset) : load<u32>(y + offset));
  }
}
