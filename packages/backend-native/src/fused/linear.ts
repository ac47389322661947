/**
 * Linear maps with bias and activation: one matrix product each way. `R` rows, `I` inputs, `O` outputs. A transposed matrix is a view,
 * which libraries for products read as it is.
 */
import { fusedKernel, type LinearAttrs, type LinearGradAttrs } from '@simvlm/ops';
import type { Handle } from '../addon/interface';
import { kernel, type NativeBackend, type NativeKernel, type Of, sizeOf, type T } from '../kernels/kernel';
import { operand, weight } from '../precision';
import { activated, activatedGrad, columnSums } from './activations';
import { product } from './product';

/** `[…, n]` as `[R, n]`. */
function asRows(b: NativeBackend, handle: Handle, shape: readonly number[]): Handle {
  if (shape.length === 2) return handle;
  return b.op('reshape', handle, [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]!]);
}

/** `[R, n]` as a tensor of `shape`. */
function fromRows(b: NativeBackend, handle: Handle, shape: readonly number[]): T {
  const shaped = shape.length === 2 ? handle : b.op('view', handle, shape);
  return b.output(shaped, shape, 'float32');
}

export const linear: NativeKernel = kernel<Of<'x' | 'w'> & { b?: T }, LinearAttrs>(
  fusedKernel.linear,
  (b, { x, w, b: bias }, { activation, transposeW }) => {
    const x_RI = asRows(b, operand(b, x), x.shape);
    const w_IO = transposeW ? b.op('t', weight(b, w)) : weight(b, w);
    const [I, O] = transposeW ? [w.shape[1]!, w.shape[0]!] : [w.shape[0]!, w.shape[1]!];
    const extents = [sizeOf(x.shape.slice(0, -1)), I, O] as const;
    const z_RO = product(b, x_RI, w_IO, bias && weight(b, bias), extents);
    const shape = [...x.shape.slice(0, -1), O];
    if (activation === 'none') return [fromRows(b, z_RO, shape)];
    const y_RO = activated(b, activation, z_RO);
    return [fromRows(b, y_RO, shape), fromRows(b, z_RO, shape)];
  },
);

export const linearGrad: NativeKernel = kernel<Of<'x' | 'w' | 'dy'> & { z?: T }, LinearGradAttrs>(
  fusedKernel.linearGrad,
  (b, { x, w, z, dy }, { activation, transposeW, wanted }) => {
    let dz_RO = asRows(b, operand(b, dy), dy.shape);
    let db_O: Handle | undefined;
    if (activation !== 'none')
      ({ dz_RO, db_O } = activatedGrad(b, activation, dz_RO, asRows(b, operand(b, z!), dy.shape)));
    const [R, I] = [sizeOf(x.shape.slice(0, -1)), x.shape[x.shape.length - 1]!];
    const O = dy.shape[dy.shape.length - 1]!;
    const gradients: T[] = [];
    if (wanted !== 'weights') {
      const w_any = weight(b, w);
      const dx_RI = product(b, dz_RO, transposeW ? w_any : b.op('t', w_any), undefined, [R, O, I]);
      gradients.push(fromRows(b, dx_RI, x.shape));
    }
    if (wanted !== 'x') {
      const x_RI = asRows(b, operand(b, x), x.shape);
      const dw = transposeW ? b.op('mm', b.op('t', dz_RO), x_RI) : b.op('mm', b.op('t', x_RI), dz_RO);
      const db = b.output(db_O ?? columnSums(b, dz_RO), [O], 'float32');
      gradients.push(b.output(dw, w.shape, 'float32'), db);
    }
    return gradients;
  },
);
