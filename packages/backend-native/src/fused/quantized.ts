/**
 * Linear maps, tables and whole matrices of integers. On the CPU in float32 an operator of the addon (`addon/quantized_linear.cc`) makes them
 * numbers in registers, or a panel at a time; elsewhere ATen's operators make a whole matrix of numbers for the time of a kernel.
 */
import {
  DECODE_QUANTIZED,
  type DecodeQuantizedAttrs,
  fusedKernel,
  type QuantizedAttrs,
  type QuantizedLinearAttrs,
} from '@simvlm/ops';
import { type Handle, scalarType } from '../addon/interface';
import { kernel, type NativeBackend, type NativeKernel, type Of, sizeOf, type T } from '../kernels/kernel';
import { operand } from '../precision';
import { activated, activationCode } from './activations';
import { isOwn } from './own';
import { product } from './product';

type Inputs = Of<'x' | 'packed' | 'scales'> & Partial<Of<'b' | 'gamma' | 'beta' | 'residual'>>;

const given = (b: NativeBackend, tensor: T | undefined) => (tensor ? b.input(tensor) : null);

function own(
  b: NativeBackend,
  { x, packed, scales, b: bias, gamma, beta, residual }: Inputs,
  { activation, inputs, bits, group, epsilon = 0 }: QuantizedLinearAttrs & { readonly epsilon?: number },
): T {
  const leading = x.shape.slice(0, -1);
  const y_RO = b.op(
    'simvlm::quantized_linear',
    b.op('reshape', b.input(x), [sizeOf(leading), inputs]),
    ...[packed, scales].map(part => b.input(part)),
    ...[bias, gamma, beta, residual].map(part => given(b, part)),
    ...[activationCode[activation], bits, group, epsilon],
  );
  const shape = [...leading, packed.shape[0]!];
  return b.output(b.op('view', y_RO, shape), shape, 'float32');
}

export const quantizedLinear: NativeKernel = kernel<Inputs, QuantizedLinearAttrs>(
  fusedKernel.quantizedLinear,
  (b, inputs, attrs) => {
    const { x, packed, scales, b: bias } = inputs;
    const x_any = operand(b, x);
    if (isOwn(b, x_any)) return [own(b, inputs, attrs)];
    const leading = x.shape.slice(0, -1);
    const [R, I, O] = [sizeOf(leading), attrs.inputs, packed.shape[0]!];
    const w_OI = matrix(b, b.input(packed), b.input(scales), attrs);
    const like = (handle: Handle) => (b.reduced ? b.op('to.dtype', handle, scalarType.bfloat16) : handle);
    const x_RI = b.op('reshape', x_any, [R, I]);
    const z_RO = product(b, x_RI, b.op('t', like(w_OI)), bias && like(b.input(bias)), [R, I, O]);
    const y_RO = attrs.activation === 'none' ? z_RO : activated(b, attrs.activation, z_RO);
    const shape = [...leading, O];
    return [b.output(b.op('view', y_RO, shape), shape, 'float32')];
  },
);

/** Called for at most `decodedRows` rows of the backend, which are float32 on the CPU. */
export const decodeQuantized: NativeKernel = kernel<Inputs, DecodeQuantizedAttrs>(
  DECODE_QUANTIZED,
  (b, inputs, attrs) => own(b, inputs, attrs),
);

export const quantizedEmbedding: NativeKernel = kernel<Of<'packed' | 'scales' | 'ids'>, QuantizedAttrs>(
  fusedKernel.quantizedEmbedding,
  (b, { packed, scales, ids }, attrs) => {
    const flat = b.op('reshape', b.input(ids), [sizeOf(ids.shape)]);
    const [words, ofRows] = [packed, scales].map(part => b.op('index_select', b.input(part), 0, flat));
    const shape = [...ids.shape, attrs.inputs];
    return [b.output(b.op('view', matrix(b, words!, ofRows!, attrs), shape), shape, 'float32')];
  },
);

export const dequantize: NativeKernel = kernel<Of<'packed' | 'scales'>, QuantizedAttrs>(
  fusedKernel.dequantize,
  (b, { packed, scales }, attrs) => {
    const shape = [packed.shape[0]!, attrs.inputs];
    return [b.output(matrix(b, b.input(packed), b.input(scales), attrs), shape, 'float32')];
  },
);

/** Rows of integers as float32 numbers. */
function matrix(b: NativeBackend, packed: Handle, scales: Handle, attrs: QuantizedAttrs): Handle {
  const { inputs, bits, group } = attrs;
  if (b.device < 0) return b.op('simvlm::dequantize', packed, scales, inputs, bits, group);
  // The first number of a word lies in its first byte, and of a byte in its lower half.
  const bytes = b.op('view.dtype', packed, bits === 8 ? scalarType.int8 : scalarType.uint8);
  const q = bits === 8 ? bytes : b.op('flatten.using_ints', halves(b, bytes), 1, 2);
  const q_OI = b.op('slice.Tensor', b.op('to.dtype', q, scalarType.float32), 1, 0, inputs, 1);
  const scales_OI =
    group >= inputs
      ? scales
      : b.op('slice.Tensor', b.op('repeat_interleave.self_int', scales, group, 1), 1, 0, inputs, 1);
  return b.op('mul.Tensor', bits === 8 ? q_OI : b.op('sub.Scalar', q_OI, 8, 1), scales_OI);
}

/** [O, n] bytes → [O, n, 2]: their lower and upper halves. */
function halves(b: NativeBackend, bytes: Handle): Handle {
  const [low, high] = [
    b.op('bitwise_and.Scalar', bytes, 15),
    b.op('bitwise_right_shift.Tensor_Scalar', bytes, 4),
  ];
  return b.op('stack', [low, high], 2);
}
