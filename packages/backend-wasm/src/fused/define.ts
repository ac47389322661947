import type * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../backend';
import type { WasmKernel } from '../kernels/kernel';

type Optional<K extends string> = {
  [key in K as key extends `${infer name}?` ? name : never]?: tf.TensorInfo;
};
type Required<K extends string> = { [key in K as key extends `${string}?` ? never : key]: tf.TensorInfo };

/**
 * A fused kernel under its contract: `K` names the inputs ('bias?' may be absent), `A` is the type of the attributes. The
 * public functions of `@simvlm/ops` and `@simvlm/attention` have checked shapes and dtypes before.
 */
export function defineFused<K extends string, A>(
  kernelName: string,
  run: (inputs: Optional<K> & Required<K>, attrs: A, backend: WasmBackend) => tf.TensorInfo[],
): WasmKernel {
  return {
    kernelName,
    kernelFunc: ({ inputs, attrs, backend }) =>
      run(inputs as unknown as Optional<K> & Required<K>, attrs as A, backend),
  };
}
