import { Random } from '@simvlm/core';
import type * as tf from '@tensorflow/tfjs';
import { WasmBackend } from '../backend';
import { WasmRuntime } from '../runtime';
import { fusedKernels } from './index';

/** A tensor of a test: float64 numbers for the reference, rounded to float32 so that both sides see the same. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array;
  readonly dtype: 'float32' | 'int32';
}

export type ValueMap = Record<string, Values>;

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

const random = Random.fromSeed(20).fork('fused');

/** Normal numbers times `scale`. */
export function normal(shape: readonly number[], scale = 1): Values {
  const data = Float64Array.from({ length: size(shape) }, () => Math.fround(random.normal() * scale));
  return { shape, data, dtype: 'float32' };
}

export function floats(shape: readonly number[], values: Iterable<number>): Values {
  return { shape, data: Float64Array.from(Float32Array.from(values)), dtype: 'float32' };
}

export function ints(shape: readonly number[], values: Iterable<number>): Values {
  return { shape, data: Float64Array.from(values), dtype: 'int32' };
}

/** Integers in [0, below). */
export function integers(shape: readonly number[], below: number): Values {
  return ints(
    shape,
    Array.from({ length: size(shape) }, () => random.integer(below)),
  );
}

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

/** The largest |got − want| / (1 + |want|); NaN and infinities must stand in the same places. */
export function worst(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let result = 0;
  for (let i = 0; i < got.length; i++) {
    const a = got[i]!;
    const b = want[i]!;
    if (Object.is(a, b) || a === b) continue;
    const error = Math.abs(a - b) / (1 + Math.abs(b));
    if (!(error <= result)) result = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return result;
}

/**
 * The gradient of Σ dy · f(inputs) by the input `name`, from central differences in float64.
 */
export function numericGradient(
  f: (inputs: ValueMap) => Float64Array,
  inputs: ValueMap,
  name: string,
  dy: Values,
): Float64Array {
  const value = inputs[name]!;
  const step = 1e-5;
  const weighted = (data: Float64Array) => {
    const y = f({ ...inputs, [name]: { ...value, data } });
    return y.reduce((sum, item, i) => sum + item * dy.data[i]!, 0);
  };
  return value.data.map((x, i) => {
    const up = value.data.slice();
    const down = value.data.slice();
    up[i] = x + step;
    down[i] = x - step;
    return (weighted(up) - weighted(down)) / (2 * step);
  });
}
