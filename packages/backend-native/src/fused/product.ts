/** Which library multiplies the matrices of linear maps. `R` rows, `I` inputs, `O` outputs. */
import { cpus } from 'node:os';
import type { Handle } from '../addon/interface';
import type { NativeBackend } from '../kernels/kernel';
import { isOwn } from './own';

const ONE_DNN = 'mkldnn::_linear_pointwise';
/** Multiplications from which oneDNN's kernels make up for the time that they take to be found. */
const WORTH_IT = 2 ** 22;
/**
 * MKL takes its best kernels on Intel's processors only. On an AMD EPYC 9004, one core: oneDNN 100 to 108 GFLOP/s, MKL 82 to 97
 * (docs/native-profile.md).
 */
const isIntel = /intel/i.test(cpus()[0]?.model ?? '');

/** x · w + bias; `w_IO` may be a transposed view. */
export function product(
  b: NativeBackend,
  x_RI: Handle,
  w_IO: Handle,
  bias: Handle | undefined,
  [R, I, O]: readonly [number, number, number],
): Handle {
  if (R === 1 && b.device < 0) return oneRow(b, x_RI, w_IO, bias);
  if (!isIntel && R * I * O >= WORTH_IT && isOwn(b, x_RI, w_IO) && b.aten.has(ONE_DNN))
    return b.op(ONE_DNN, x_RI, b.op('t', w_IO), bias ?? null, 'none', [], null);
  return bias ? b.op('addmm', bias, x_RI, w_IO) : b.op('mm', x_RI, w_IO);
}

/**
 * A single row is a matrix times a vector, which OpenBLAS's product of matrices takes four times as long for (256 × 1024: 288 against
 * 65 µs on one core).
 */
function oneRow(b: NativeBackend, x_1I: Handle, w_IO: Handle, bias: Handle | undefined): Handle {
  const [w_OI, x_I] = [b.op('t', w_IO), b.op('select.int', x_1I, 0, 0)];
  const z_O = bias ? b.op('addmv', bias, w_OI, x_I) : b.op('mv', w_OI, x_I);
  return b.op('unsqueeze', z_O, 0);
}
