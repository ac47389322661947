import type { ValueMap, Values } from '@simvlm/conformance';
import type * as tf from '@tensorflow/tfjs-core';
import { WasmBackend } from '../backend';
import { WasmRuntime } from '../runtime';
import { fusedKernels } from './index';

/** Backends of one and of two threads, apart from the engine of tfjs: kernels are called as tfjs would. */
export class Bench {
  private constructor(private readonly backends: readonly WasmBackend[]) {}

  static async create(): Promise<Bench> {
    return new Bench([
      new WasmBackend(await WasmRuntime.create(1)),
      new WasmBackend(await WasmRuntime.create(2)),
    ]);
  }

  /** Threads of the backends that are compared. */
  get threads(): number[] {
    return this.backends.map(backend => backend.runtime.threads);
  }

  dispose(): void {
    for (const backend of this.backends) backend.dispose();
  }

  /**
   * The outputs of a kernel, the same bit for bit on one thread, on two, and once more; the heap is as full after as
   * before.
   */
  run(kernelName: string, inputs: ValueMap | readonly Values[], attrs: object = {}): Float32Array[] {
    const kernel = fusedKernels.find(candidate => candidate.kernelName === kernelName);
    if (!kernel) throw new Error(`no kernel ${kernelName}`);
    const results = [...this.backends, this.backends[1]!].map(backend => {
      const before = backend.memory().bytesInUse;
      const given: Record<string, tf.TensorInfo> = {};
      for (const [name, { shape, data, dtype }] of Object.entries(inputs)) {
        const values = dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data);
        given[name] = backend.makeTensorInfo([...shape], dtype, values);
      }
      const called = kernel.kernelFunc({ inputs: given, attrs: attrs as Record<string, unknown>, backend });
      const outputs = Array.isArray(called) ? called : [called];
      const read = outputs.map(output => backend.readSync(output.dataId) as Float32Array);
      for (const { dataId } of [...Object.values(given), ...outputs]) backend.disposeData(dataId);
      if (backend.memory().bytesInUse !== before) throw new Error(`${kernelName} leaks`);
      return read;
    });
    for (const again of results.slice(1)) {
      for (const [i, output] of again.entries()) {
        const bits = new Uint32Array(output.buffer, 0, output.length);
        const first = results[0]![i]!;
        const firstBits = new Uint32Array(first.buffer, 0, first.length);
        if (bits.some((word, j) => word !== firstBits[j]))
          throw new Error(`${kernelName} differs between threads`);
      }
    }
    return results[0]!;
  }
}
