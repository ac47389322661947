import { Random } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs-core';
import { scalarTypeOf } from '../tensor-data';
import { kernel, type NativeKernel, type Of } from './kernel';

/** Numbers from `start` towards `stop`, which is left out. */
const range = kernel<unknown, tf.RangeAttrs>('Range', (b, _, { start, stop, step, dtype }) => {
  const isEmpty = start === stop || (start < stop && step < 0) || (stop < start && step > 1);
  // tfjs counts down where it is asked to count up by one to something smaller.
  const by = stop < start && step === 1 ? -1 : step;
  const count = isEmpty ? 0 : Math.abs(Math.ceil((stop - start) / step));
  const end = dtype === 'int32' ? start + count * by : start + (count - 0.5) * by;
  const type = scalarTypeOf[dtype ?? 'float32'];
  const numbers =
    count === 0
      ? b.op('empty.memory_format', [0], type, null, b.device)
      : b.op('arange.start_step', start, end, by, type, null, b.device);
  return b.output(numbers, [count], dtype ?? 'float32');
});

const linSpace = kernel<unknown, tf.LinSpaceAttrs>('LinSpace', (b, _, { start, stop, num }) =>
  b.output(b.op('linspace', start, stop, num, 6, null, b.device), [num], 'float32'),
);

/**
 * Draws from each row's distribution. The random numbers come from the seed, on the host: the same on every device, and
 * ATen's generators stay as they are.
 */
const multinomial = kernel<Of<'logits'>, tf.MultinomialAttrs>('Multinomial', (b, { logits }, attrs) => {
  const { numSamples, seed, normalized } = attrs;
  const [rows, events] = logits.shape as [number, number];
  const random = Random.fromSeed(Number.isInteger(seed) ? seed : Math.floor(seed * 2 ** 32));
  const drawn = Float32Array.from({ length: rows * numSamples }, () => random.uniform());
  const probabilities = normalized ? b.input(logits) : b.op('_softmax', b.input(logits), -1, false);
  const below = b.op('cumsum', probabilities, -1);
  const numbers = b.constant(drawn, [rows, numSamples], 'float32');
  const event = b.op('searchsorted.Tensor', below, numbers, true, true);
  return b.output(b.op('clamp', event, 0, events - 1), [rows, numSamples], 'int32');
});

/** Complex tensors are ATen's own. */
const complexKernels: readonly NativeKernel[] = [
  kernel<Of<'real' | 'imag'>>('Complex', (b, { real, imag }) =>
    b.output(b.op('complex', b.input(real), b.input(imag)), real.shape, 'complex64'),
  ),
  kernel<Of<'input'>>('Real', (b, { input }) =>
    input.dtype === 'complex64'
      ? b.output(b.op('real', b.input(input)), input.shape, 'float32')
      : b.share(input),
  ),
  kernel<Of<'input'>>('Imag', (b, { input }) =>
    b.output(b.op('imag', b.input(input)), input.shape, 'float32'),
  ),
  kernel<Of<'x'>>('ComplexAbs', (b, { x }) => b.output(b.op('abs', b.input(x)), x.shape, 'float32')),
  kernel<Of<'input'>>('FFT', (b, { input }) =>
    b.output(b.op('fft_fft', b.input(input), null, -1, null), input.shape, 'complex64'),
  ),
  kernel<Of<'input'>>('IFFT', (b, { input }) =>
    b.output(b.op('fft_ifft', b.input(input), null, -1, null), input.shape, 'complex64'),
  ),
];

export const createKernels: readonly NativeKernel[] = [range, linSpace, multinomial, ...complexKernels];
