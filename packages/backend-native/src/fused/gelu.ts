/**
 * GELU (Hendrycks and Gimpel, 2016) in its tanh form. `R` rows, `O` columns.
 *
 * On the CPU ATen's kernel takes a tanh, the slowest of its vectorised functions; the addon's, `addon/fused_gelu.cc`, an exponential, and
 * its gradient sums the rows on the way, which is the gradient of the bias.
 */
import { type Handle, scalarType } from '../addon/interface';
import type { NativeBackend } from '../kernels/kernel';
import { isOwn } from './own';

export function gelu(b: NativeBackend, z: Handle): Handle {
  return isOwn(b, z) ? b.op('simvlm::gelu', z) : b.op('gelu', z, 'tanh');
}

/** Of `[R, O]`: the gradient by z, and its sum over the rows. */
export function geluGrad(b: NativeBackend, dy_RO: Handle, z_RO: Handle): { dz_RO: Handle; db_O: Handle } {
  if (isOwn(b, dy_RO, z_RO)) {
    const [dz_RO, db_O] = b.ops('simvlm::gelu_backward', dy_RO, z_RO);
    return { dz_RO: dz_RO!, db_O: db_O! };
  }
  const dz_RO = b.op('gelu_backward', dy_RO, z_RO, 'tanh');
  return { dz_RO, db_O: columnSums(b, dz_RO) };
}

/** Σ over the rows, in float32: `[R, O]` → `[O]`. */
export function columnSums(b: NativeBackend, x_RO: Handle): Handle {
  if (isOwn(b, x_RO)) return b.op('simvlm::column_sums', x_RO);
  return b.op('sum.dim_IntList', x_RO, [0], false, scalarType.float32);
}
