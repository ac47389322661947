/**
 * The activations of a linear map. `R` rows, `O` columns.
 *
 * On the CPU ATen's kernels take a tanh or an erf, the slowest of its vectorised functions; the addon's, `addon/fused_activation.cc`, an
 * exponential, and their gradients sum the rows on the way, which is the gradient of the bias.
 */
import type { Activation } from '@simvlm/ops';
import { type Handle, scalarType } from '../addon/interface';
import type { NativeBackend } from '../kernels/kernel';
import { isOwn } from './own';

/** As the addon numbers them (`addon/activations.h`). */
export const activationCode = { none: 0, gelu: 1, 'gelu-erf': 2, 'quick-gelu': 3 } as const satisfies Record<
  Activation,
  number
>;

type Curve = Exclude<Activation, 'none'>;

/** ATen's names of the forms of GELU. */
const FORM = { gelu: 'tanh', 'gelu-erf': 'none' } as const;
/** z · σ(1.702 z) is SiLU of 1.702 z, divided by it. */
const QUICK = 1.702;

export function activated(b: NativeBackend, activation: Curve, z: Handle): Handle {
  if (isOwn(b, z)) return b.op('simvlm::activated', z, activationCode[activation]);
  if (activation !== 'quick-gelu') return b.op('gelu', z, FORM[activation]);
  return b.op('mul.Scalar', b.op('silu', b.op('mul.Scalar', z, QUICK)), 1 / QUICK);
}

/** Of `[R, O]`: the gradient by z, and its sum over the rows. */
export function activatedGrad(
  b: NativeBackend,
  activation: Curve,
  dy_RO: Handle,
  z_RO: Handle,
): { dz_RO: Handle; db_O: Handle } {
  if (isOwn(b, dy_RO, z_RO)) {
    const [dz_RO, db_O] = b.ops('simvlm::activated_backward', dy_RO, z_RO, activationCode[activation]);
    return { dz_RO: dz_RO!, db_O: db_O! };
  }
  const dz_RO =
    activation === 'quick-gelu'
      ? b.op('silu_backward', dy_RO, b.op('mul.Scalar', z_RO, QUICK))
      : b.op('gelu_backward', dy_RO, z_RO, FORM[activation]);
  return { dz_RO, db_O: columnSums(b, dz_RO) };
}

/** Σ over the rows, in float32: `[R, O]` → `[O]`. */
export function columnSums(b: NativeBackend, x_RO: Handle): Handle {
  if (isOwn(b, x_RO)) return b.op('simvlm::column_sums', x_RO);
  return b.op('sum.dim_IntList', x_RO, [0], false, scalarType.float32);
}
