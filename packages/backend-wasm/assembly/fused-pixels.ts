/** Bytes of pictures to float32, each channel with its own centre and factor. */

import { float, int, ptr } from './lib/args';
import { at } from './lib/fused-address';

/** packed[B, W], y, N bytes a row, W, then of three channels each: centres, factors, what the factors lack; items are packed numbers. */
export function fusedScalePixels(args: usize, begin: i32, end: i32): void {
  const perRow = int(args, 2);
  const width = int(args, 3);
  for (let item = begin; item < end; item++) {
    const row = item / width;
    const first = (item - row * width) << 2;
    const y = at(ptr(args, 1), row * perRow);
    const last = min(first + 4, perRow);
    let word = load<u32>(at(ptr(args, 0), item));
    let channel = first % 3;
    for (let place = first; place < last; place++) {
      const x = <f32>(word & 0xff) - float(args, 4 + channel);
      store<f32>(at(y, place), x * float(args, 7 + channel) + x * float(args, 10 + channel));
      word >>= 8;
      channel = channel == 2 ? 0 : channel + 1;
    }
  }
}
