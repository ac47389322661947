/**
 * A linear map of few rows with the norm before it and the activation and residual after it, on the CPU: an operator of the addon
 * (`addon/decode_linear.cc`). Called for at most `decodedRows` rows of the backend.
 */
import { DECODE_LINEAR, type DecodeLinearAttrs } from '@simvlm/ops';
import { kernel, type NativeKernel, type Of, sizeOf, type T } from '../kernels/kernel';
import { activationCode } from './activations';

type Inputs = Of<'x' | 'w'> & Partial<Of<'b' | 'gamma' | 'beta' | 'residual'>>;

export const decodeLinear: NativeKernel = kernel<Inputs, DecodeLinearAttrs>(
  DECODE_LINEAR,
  (b, { x, w, b: bias, gamma, beta, residual }, { activation, transposeW, epsilon }) => {
    const leading = x.shape.slice(0, -1);
    const [I, O] = [x.shape[x.shape.length - 1]!, w.shape[transposeW ? 0 : 1]!];
    const given = (tensor: T | undefined) => (tensor ? b.input(tensor) : null);
    const y_RO = b.op(
      'simvlm::decode_linear',
      b.op('view', b.op('contiguous', b.input(x)), [sizeOf(leading), I]),
      b.input(w),
      given(bias),
      given(gamma),
      given(beta),
      given(residual),
      activationCode[activation],
      transposeW,
      epsilon,
    );
    const shape = [...leading, O];
    return b.output(b.op('view', y_RO, shape), shape, 'float32');
  },
);
