/** Packed integers as float32 numbers. */

/** The eight integers at `from`, of 16 bits each. */
// @ts-ignore: decorator
@inline
export function eight(bits: i32, from: usize): v128 {
  if (bits == 8) return v128.load_ext<i8>(from);
  const bytes = v128.load_zero<u32>(from);
  const first = v128.and(bytes, i8x16.splat(15));
  const second = i8x16.shr_u(bytes, 4);
  const codes = i8x16.shuffle(first, second, 0, 16, 1, 17, 2, 18, 3, 19, 0, 16, 1, 17, 2, 18, 3, 19);
  return i16x8.extend_low_i8x16_s(i8x16.sub(codes, i8x16.splat(8)));
}

/** The first four of them as numbers. */
// @ts-ignore: decorator
@inline
export function low(integers: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(integers));
}

/** The last four. */
// @ts-ignore: decorator
@inline
export function high(integers: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(integers));
}

/** Integer `i` of a row that begins at `row`. */
// @ts-ignore: decorator
@inline
export function one(bits: i32, row: usize, i: i32): f32 {
  if (bits == 8) return <f32>load<i8>(row + <usize>i);
  return <f32>((<i32>(load<u8>(row + <usize>(i >> 1)) >> <u8>((i & 1) << 2)) & 15) - 8);
}

/** A row of a matrix as numbers, q · scale, each `step` bytes after the one before. */
export function decodeRow(
  packed: usize,
  scales: usize,
  to: usize,
  step: usize,
  width: i32,
  bits: i32,
  group: i32,
): void {
  for (let from = 0; from < width; from += group) {
    const scale = load<f32>(scales);
    const last = min(from + group, width);
    if (bits == 8) {
      for (let i = from; i < last; i++) {
        store<f32>(to, one(8, packed, i) * scale);
        to += step;
      }
    } else {
      for (let i = from; i < last; i++) {
        store<f32>(to, one(4, packed, i) * scale);
        to += step;
      }
    }
    scales += 4;
  }
}
