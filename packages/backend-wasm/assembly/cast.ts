import { ptr } from './lib/args';

/** Each job: y[i] = x[i] in another type; one item is one number. args: x, y */

/** Toward zero, modulo 2³²; NaN and ±∞ give 0, as in JavaScript. */
export function castFloatToInt(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0),
    y = ptr(args, 1);
  for (let i = begin; i < end; i++) {
    const v = load<f32>(x + ((<usize>i) << 2));
    const inside = abs<f32>(v) < <f32>9.2e18;
    store<i32>(y + ((<usize>i) << 2), inside ? <i32>(<i64>v) : 0);
  }
}

export function castIntToFloat(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0),
    y = ptr(args, 1);
  let i = begin;
  for (; i <= end - 4; i += 4) {
    v128.store(y + ((<usize>i) << 2), f32x4.convert_i32x4_s(v128.load(x + ((<usize>i) << 2))));
  }
  for (; i < end; i++) store<f32>(y + ((<usize>i) << 2), <f32>load<i32>(x + ((<usize>i) << 2)));
}

export function castBoolToFloat(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0),
    y = ptr(args, 1);
  for (let i = begin; i < end; i++) store<f32>(y + ((<usize>i) << 2), <f32>load<u8>(x + <usize>i));
}

export function castBoolToInt(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0),
    y = ptr(args, 1);
  for (let i = begin; i < end; i++) store<i32>(y + ((<usize>i) << 2), <i32>load<u8>(x + <usize>i));
}

/** NaN is true. */
export function castFloatToBool(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0),
    y = ptr(args, 1);
  for (let i = begin; i < end; i++) store<u8>(y + <usize>i, load<f32>(x + ((<usize>i) << 2)) != 0 ? 1 : 0);
}

export function castIntToBool(args: usize, begin: i32, end: i32): void {
  const x = ptr(args, 0),
    y = ptr(args, 1);
  for (let i = begin; i < end; i++) store<u8>(y + <usize>i, load<i32>(x + ((<usize>i) << 2)) != 0 ? 1 : 0);
}
