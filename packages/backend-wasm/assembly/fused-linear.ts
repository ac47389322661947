/** The element-wise half of the linear layer: GELU and its gradient. The matrix products are the backend's gemm. */

import { int, ptr } from './lib/args';
import { at } from './lib/fused-address';
import { geluf4, geluGradf4 } from './lib/fused-math';

/** z[n], y[n]; items are numbers */
export function fusedGelu(args: usize, begin: i32, end: i32): void {
  const z = ptr(args, 0);
  const y = ptr(args, 1);
  let i = begin;
  for (; i <= end - 4; i += 4) v128.store(at(y, i), geluf4(v128.load(at(z, i))));
  for (; i < end; i++) {
    store<f32>(at(y, i), f32x4.extract_lane(geluf4(f32x4.splat(load<f32>(at(z, i)))), 0));
  }
}

/** z[R, O], dy[R, O], dz[R, O], partial[blocks, O], R, O, rows per block; items are blocks: dz and its column sums */
export function fusedGeluGrad(args: usize, begin: i32, end: i32): void {
  const rows = int(args, 4);
  const width = int(args, 5);
  const blockRows = int(args, 6);
  for (let block = begin; block < end; block++) {
    const sums = at(ptr(args, 3), block * width);
    memory.fill(sums, 0, (<usize>width) << 2);
    const last = min(rows, (block + 1) * blockRows);
    for (let row = block * blockRows; row < last; row++) {
      const z = at(ptr(args, 0), row * width);
      const dy = at(ptr(args, 1), row * width);
      const dz = at(ptr(args, 2), row * width);
      let i = 0;
      for (; i <= width - 4; i += 4) {
        const d = f32x4.mul(v128.load(at(dy, i)), geluGradf4(v128.load(at(z, i))));
        v128.store(at(dz, i), d);
        v128.store(at(sums, i), f32x4.add(v128.load(at(sums, i)), d));
      }
      for (; i < width; i++) {
        const slope = f32x4.extract_lane(geluGradf4(f32x4.splat(load<f32>(at(z, i)))), 0);
        const d = load<f32>(at(dy, i)) * slope;
        store<f32>(at(dz, i), d);
        store<f32>(at(sums, i), load<f32>(at(sums, i)) + d);
      }
    }
  }
}
