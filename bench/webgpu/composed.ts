/** tfjs's own WebGPU backend. Without kernels of ours, every fused operation is its reference of plain tfjs operations. */
import { fusedKernel } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';

export function registerComposed(): void {
  // The reference adds all squares by `addN`, and tfjs's kernel for that binds every tensor at once: devices take eight.
  tf.registerKernel({
    kernelName: fusedKernel.globalNorm,
    backendName: 'webgpu',
    kernelFunc: ({ inputs }) =>
      tf.tidy(() => {
        const tensors = Object.values(inputs) as tf.Tensor[];
        return [
          tf
            .stack(tensors.map(tensor => tensor.square().sum()))
            .sum()
            .sqrt(),
        ];
      }),
  });
}
