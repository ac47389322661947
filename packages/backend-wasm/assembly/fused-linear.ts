/** The element-wise half of the linear layer: activations and their gradients. The matrix products are the backend's gemm. */

import { int, ptr } from './lib/args';
import { Activation, activationf4, activationGradf4 } from './lib/activations';
import { at } from './lib/fused-address';

/** activation, z[n], y[n]; items are numbers */
export function fusedActivation(args: usize, begin: i32, end: i32): void {
  const z = ptr(args, 1);
  const y = ptr(args, 2);
  switch (int(args, 0)) {
    case Activation.Gelu: activated(Activation.Gelu, z, y, begin, end); break;
    case Activation.GeluErf: activated(Activation.GeluErf, z, y, begin, end); break;
    default: activated(Activation.QuickGelu, z, y, begin, end);
  }
}

// @ts-ignore: decorator
@inline
function activated(op: i32, z: usize, y: usize, begin: i32, end: i32): void {
  let i = begin;
  for (; i <= end - 4; i += 4) v128.store(at(y, i), activationf4(op, v128.load(at(z, i))));
  for (; i < end; i++) {
    store<f32>(at(y, i), f32x4.extract_lane(activationf4(op, f32x4.splat(load<f32>(at(z, i)))), 0));
  }
}

/** activation, z[R, O], dy[R, O], dz[R, O], partial[blocks, O], R, O, rows per block; items are blocks: dz and its column sums */
export function fusedActivationGrad(args: usize, begin: i32, end: i32): void {
  switch (int(args, 0)) {
    case Activation.Gelu: throughActivation(Activation.Gelu, args, begin, end); break;
    case Activation.GeluErf: throughActivation(Activation.GeluErf, args, begin, end); break;
    default: throughActivation(Activation.QuickGelu, args, begin, end);
  }
}

// @ts-ignore: decorator
@inline
function throughActivation(op: i32, args: usize, begin: i32, end: i32): void {
  const rows = int(args, 5);
  const width = int(args, 6);
  const blockRows = int(args, 7);
  for (let block = begin; block < end; block++) {
    const sums = at(ptr(args, 4), block * width);
    memory.fill(sums, 0, (<usize>width) << 2);
    const last = min(rows, (block + 1) * blockRows);
    for (let row = block * blockRows; row < last; row++) {
      const z = at(ptr(args, 1), row * width);
      const dy = at(ptr(args, 2), row * width);
      const dz = at(ptr(args, 3), row * width);
      let i = 0;
      for (; i <= width - 4; i += 4) {
        const d = f32x4.mul(v128.load(at(dy, i)), activationGradf4(op, v128.load(at(z, i))));
        v128.store(at(dz, i), d);
        v128.store(at(sums, i), f32x4.add(v128.load(at(sums, i)), d));
      }
      for (; i < width; i++) {
        const slope = f32x4.extract_lane(activationGradf4(op, f32x4.splat(load<f32>(at(z, i)))), 0);
        const d = load<f32>(at(dy, i)) * slope;
        store<f32>(at(dz, i), d);
        store<f32>(at(sums, i), load<f32>(at(sums, i)) + d);
      }
    }
  }
}
