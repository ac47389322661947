/** Bytes of pictures to float32. `B` rows of `W` packed numbers, `S` image side. */
import { fusedKernel, type ScalePixelsAttrs } from '@simvlm/ops';
import { type Handle, scalarType } from '../addon/interface';
import { filled, kernel, type NativeBackend, type NativeKernel, type Of } from '../kernels/kernel';

export const scalePixels: NativeKernel = kernel<Of<'packed'>, ScalePixelsAttrs>(
  fusedKernel.scalePixels,
  (b, { packed }, { side, center, high, low }) => {
    const shape = [packed.shape[0]!, side, side, 3];
    // As they lie in memory, the lowest first.
    const bytes = b.op('view.dtype', b.input(packed), scalarType.uint8);
    const row = b.op('slice.Tensor', bytes, 1, 0, side * side * 3, 1);
    const x = b.op('reshape', b.op('to.dtype', row, scalarType.float32), shape);
    b.op('sub_.Tensor', x, channels(b, center), 1);
    const y = b.op('mul.Tensor', x, channels(b, high));
    b.op('addcmul_', y, x, channels(b, low), 1);
    return [b.output(y, shape, 'float32')];
  },
);

/** `[3]`, or one number where all channels have the same, which is faster. It is made on the device, so that a step can be recorded. */
function channels(b: NativeBackend, [first, ...others]: readonly number[]): Handle {
  const numbers = others.every(value => value === first) ? [first!] : [first!, ...others];
  const parts = numbers.map(value => filled(b, [1], value));
  return parts.length === 1 ? parts[0]! : b.op('cat', parts, 0);
}
