/**
 * The two passes of a resize on rows of 8-bit RGB: sums of bytes times fixed-point weights, rounded and clipped to 8 bits. Four sums at a time.
 *
 * Taps: first i32[n], count i32[n], weights i32[n, most], as `filter-taps.ts` makes them.
 */

/** Rounds to the nearest when cut off. */
const HALF: i32 = 1 << 21;
const SHIFT: i32 = 22;

// @ts-ignore: decorator
@inline
function clipped(sums: v128): v128 {
  return i32x4.max_s(i32x4.min_s(i32x4.shr_s(sums, SHIFT), i32x4.splat(255)), i32x4.splat(0));
}

/**
 * Makes `width` pixels of each of `height` rows of `stride` bytes. Four bytes are read and written for each pixel: behind the last pixel of `from` and of
 * `to` there must be one byte more.
 */
export function horizontal(
  from: usize,
  stride: i32,
  height: i32,
  to: usize,
  width: i32,
  first: usize,
  count: usize,
  weights: usize,
  most: i32,
): void {
  for (let y = 0; y < height; y++) {
    const row = from + <usize>(y * stride);
    for (let x = 0; x < width; x++, to += 3) {
      let source = row + <usize>(load<i32>(first + (<usize>x << 2)) * 3);
      let weight = weights + (<usize>(x * most) << 2);
      const end = weight + (<usize>load<i32>(count + (<usize>x << 2)) << 2);
      let sums = i32x4.splat(HALF);
      for (; weight < end; weight += 4, source += 3) {
        const pixel = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(source)));
        sums = i32x4.add(sums, i32x4.mul(pixel, v128.load32_splat(weight)));
      }
      const narrow = i16x8.narrow_i32x4_s(clipped(sums), sums);
      v128.store_lane<u32>(to, i8x16.narrow_i16x8_u(narrow, narrow), 0);
    }
  }
}

/** Makes `height` rows of `stride` bytes. */
export function vertical(
  from: usize,
  stride: i32,
  to: usize,
  height: i32,
  first: usize,
  count: usize,
  weights: usize,
  most: i32,
): void {
  for (let y = 0; y < height; y++) {
    const top = from + <usize>(load<i32>(first + (<usize>y << 2)) * stride);
    const begin = weights + (<usize>(y * most) << 2);
    const end = begin + (<usize>load<i32>(count + (<usize>y << 2)) << 2);
    let i = 0;
    for (; i + 16 <= stride; i += 16, to += 16) {
      let a = i32x4.splat(HALF);
      let b = a;
      let c = a;
      let d = a;
      let source = top + <usize>i;
      for (let weight = begin; weight < end; weight += 4, source += <usize>stride) {
        const bytes = v128.load(source);
        const low = i16x8.extend_low_i8x16_u(bytes);
        const high = i16x8.extend_high_i8x16_u(bytes);
        const w = v128.load32_splat(weight);
        a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), w));
        b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), w));
        c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), w));
        d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), w));
      }
      const low = i16x8.narrow_i32x4_s(clipped(a), clipped(b));
      const high = i16x8.narrow_i32x4_s(clipped(c), clipped(d));
      v128.store(to, i8x16.narrow_i16x8_u(low, high));
    }
    for (; i < stride; i++, to++) {
      let sum = HALF;
      let source = top + <usize>i;
      for (let weight = begin; weight < end; weight += 4, source += <usize>stride)
        sum += load<i32>(weight) * <i32>load<u8>(source);
      const value = sum >> SHIFT;
      store<u8>(to, <u8>(value < 0 ? 0 : value > 255 ? 255 : value));
    }
  }
}
