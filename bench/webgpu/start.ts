/** Starts a contender where it runs: in a process on Dawn, or in a page. */
import * as tf from '@tensorflow/tfjs-core';
import { type Observed, observeDevice } from './observe';
import { type Scale, type ScaleName, scales } from './problem';
import type { Contender, ContenderName, Request } from './protocol';
import { stackSize, trained } from './stack';

interface Started {
  readonly versions: Readonly<Record<string, string>>;
  readonly answer: (request: Request) => Promise<unknown>;
}

const kinds: Record<ContenderName, (observed: Observed, scale: Scale) => Promise<Started>> = {
  async simvlm(observed, scale) {
    await ours();
    return { versions, answer: (await import('./simvlm')).simvlmRunner(observed, scale) };
  },
  async composed(observed, scale) {
    // tfjs's own backend: without kernels of ours, every fused operation is its reference of plain tfjs operations.
    await import('@tensorflow/tfjs-backend-webgpu');
    await useWebGpu();
    return { versions, answer: (await import('./simvlm')).simvlmRunner(observed, scale) };
  },
  async stack(observed, { stackRows }) {
    await ours();
    const { oursRunner } = await import('../small-lm/ours');
    const size = stackSize(stackRows);
    return { versions, answer: trained(observed, size, await oursRunner(size)) };
  },
  async 'jax-js'(observed, { stackRows }) {
    const { jaxRunner } = await import('../small-lm/jax');
    const size = stackSize(stackRows);
    const runner = await jaxRunner(size, 'webgpu');
    return { versions: runner.versions, answer: trained(observed, size, runner) };
  },
  async 'onnxruntime-web'(observed, scale) {
    const { version, answer } = await (await import('./decoder/session')).onnxRunner(observed, scale);
    return { versions: { 'onnxruntime-web': version }, answer };
  },
};
const versions = { '@tensorflow/tfjs-core': tf.version_core };

export async function startContender(name: ContenderName, scale: ScaleName): Promise<Contender> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!gpu)
    throw new Error('no WebGPU here: it takes a browser that has it, and a page from localhost or https');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('WebGPU found no graphics adapter');
  const { vendor, architecture, device, description } = (adapter as unknown as { info: GPUAdapterInfo }).info;
  const observed = observeDevice();
  const { versions, answer } = await kinds[name](observed, scales[scale]);
  return {
    versions,
    adapter: description || device || `${vendor} ${architecture}`.trim() || 'unnamed',
    async answer(request) {
      const answered = await answer(request);
      if (observed.failure) throw new Error(`on the device: ${observed.failure}`);
      return answered;
    },
  };
}

async function ours(): Promise<void> {
  const { registerWebGpuBackend } = await import('@simvlm/backend-webgpu');
  await registerWebGpuBackend({ software: true });
  await useWebGpu();
}

async function useWebGpu(): Promise<void> {
  // Otherwise tfjs computes small tensors on the processor, for both contenders and uncounted.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  if (!(await tf.setBackend('webgpu'))) throw new Error('the backend webgpu did not start');
}
