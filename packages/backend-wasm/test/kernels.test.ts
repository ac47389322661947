import * as tf from '@tensorflow/tfjs';
import { describeKernels } from '../../../conformance/src/kernels';
import { registerWasmBackend } from '../src/index';

describeKernels('wasm', async () => {
  await registerWasmBackend({ threads: 2 });
  await tf.setBackend('wasm');
});
