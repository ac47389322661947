/**
 * Linear maps with bias and GELU: one matrix product each way. `R` rows, `I` inputs, `O` outputs. A transposed matrix is a view,
 * which BLAS reads as it is.
 */
import { fusedKernel, type LinearAttrs } from '@simvlm/ops';
import { type Handle, scalarType } from '../addon/interface';
import { kernel, type NativeBackend, type NativeKernel, type Of, sizeOf, type T } from '../kernels/kernel';
import { operand, weight } from '../precision';
import { gelu, geluGrad } from './gelu';

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

/**
 * x · w + bias. A single row is a matrix times a vector, which OpenBLAS's product of matrices takes four times as long for (256 × 1024:
 * 288 against 65 µs on one core).
 */
function product(
  b: NativeBackend,
  x_RI: Handle,
  w_IO: Handle,
  bias: Handle | undefined,
  rows: number,
): Handle {
  if (rows !== 1 || b.device >= 0) return bias ? b.op('addmm', bias, x_RI, w_IO) : b.op('mm', x_RI, w_IO);
  const [w_OI, x_I] = [b.op('t', w_IO), b.op('select.int', x_RI, 0, 0)];
  const z_O = bias ? b.op('addmv', bias, w_OI, x_I) : b.op('mv', w_OI, x_I);
  return b.op('unsqueeze', z_O, 0);
}

export const linear: NativeKernel = kernel<Of<'x' | 'w'> & { b?: T }, LinearAttrs>(
  fusedKernel.linear,
  (b, { x, w, b: bias }, { activation, transposeW }) => {
    const x_RI = asRows(b, operand(b, x), x.shape);
    const w_IO = transposeW ? b.op('t', weight(b, w)) : weight(b, w);
    const z_RO = product(b, x_RI, w_IO, bias && weight(b, bias), sizeOf(x.shape.slice(0, -1)));
    const shape = [...x.shape.slice(0, -1), w.shape[transposeW ? 0 : 1]!];
    if (activation === 'none') return [fromRows(b, z_RO, shape)];
    const y_RO = gelu(b, z_RO);
    return [fromRows(b, y_RO, shape), fromRows(b, z_RO, shape)];
  },
);

export const linearGrad: NativeKernel = kernel<Of<'x' | 'w' | 'dy'> & { z?: T }, LinearAttrs>(
  fusedKernel.linearGrad,
  (b, { x, w, z, dy }, { activation, transposeW }) => {
    const x_RI = asRows(b, operand(b, x), x.shape);
    let dz = operand(b, dy);
    if (activation === 'gelu') dz = geluGrad(b, dz, operand(b, z!));
    const dz_RO = asRows(b, dz, dy.shape);
    const w_any = weight(b, w);
    const dx_RI = b.op('mm', dz_RO, transposeW ? w_any : b.op('t', w_any));
    const dw = transposeW ? b.op('mm', b.op('t', dz_RO), x_RI) : b.op('mm', b.op('t', x_RI), dz_RO);
    const O = dy.shape[dy.shape.length - 1]!;
    const db_O = b.op('sum.dim_IntList', dz_RO, [0], false, scalarType.float32);
    return [fromRows(b, dx_RI, x.shape), b.output(dw, w.shape, 'float32'), b.output(db_O, [O], 'float32')];
  },
);
