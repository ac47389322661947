import { type AdamWAttrs, fusedKernel } from '@simvlm/ops';
import type * as tf from '@tensorflow/tfjs-core';
import type { WasmKernel } from '../kernels/kernel';
import { defineFused } from './define';
import { grainOf, sizeOf } from './grain';

/** Numbers of a segment whose squares are added by one thread in one go. */
const SEGMENT = 16_384;

/** The inputs are a list, which tfjs hands over as it is or as an object with the keys '0', '1', …. */
export const globalNorm: WasmKernel = {
  kernelName: fusedKernel.globalNorm,
  kernelFunc({ inputs, backend }) {
    const tensors: tf.TensorInfo[] = Object.values(inputs);
    const segments: number[] = [];
    for (const tensor of tensors) {
      const size = sizeOf(tensor.shape);
      for (let start = 0; start < size; start += SEGMENT) {
        segments.push(backend.pointer(tensor) + 4 * start, Math.min(SEGMENT, size - start));
      }
    }
    const count = segments.length / 2;
    const norm = backend.output([]);
    backend.runtime.withScratch(count * 16 + 8, at => {
      const table = at + count * 8;
      backend.runtime.ints(table, segments.length).set(segments);
      backend.runJob('fusedSumSquares', count, [table, at], grainOf(SEGMENT / 8));
      let sum = 0;
      for (const squares of new Float64Array(backend.runtime.memory.buffer, at, count)) sum += squares;
      backend.runtime.floats(backend.pointer(norm), 1)[0] = Math.sqrt(sum);
    });
    return norm;
  },
};

export const adamw = defineFused<'param' | 'grad' | 'm' | 'v' | 'gradScale', AdamWAttrs>(
  fusedKernel.adamw,
  ({ param, grad, m, v, gradScale }, { learningRate, beta1, beta2, epsilon, weightDecay, step }, backend) => {
    const outputs = [param, m, v].map(({ shape }) => backend.output(shape));
    const pointers = [param, grad, m, v, gradScale, ...outputs].map(tensor => backend.pointer(tensor));
    const rates = [
      ...[beta1, 1 - beta1, beta2, 1 - beta2],
      // In float64: near step 1 the corrections would lose digits in float32.
      ...[1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step)],
      ...[epsilon, learningRate, learningRate * weightDecay],
    ];
    const args = [...pointers, ...rates.map(f32 => ({ f32 }))];
    backend.runJob('fusedAdamW', sizeOf(param.shape), args, grainOf(1));
    return outputs;
  },
);
