import { onCpu, type WasmKernel } from './kernel';

/** The CPU backend's kernel writes into the tensor that it is given: here into a copy. */
export const tensorScatterUpdate: WasmKernel = {
  kernelName: 'TensorScatterUpdate',
  kernelFunc: call => {
    const { inputs, backend } = call;
    const { dataId, shape, dtype } = inputs.tensor!;
    const tensor = backend.makeTensorInfo(shape, dtype, backend.readSync(dataId));
    const y = onCpu('TensorScatterUpdate', { ...call, inputs: { ...inputs, tensor } });
    backend.disposeIntermediateTensorInfo(tensor);
    return y;
  },
};
