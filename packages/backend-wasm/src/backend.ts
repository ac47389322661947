import type { LimitsMemory } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { JobArg, KernelName, WasmRuntime } from './runtime';
import { sizeOf } from './shapes';

type Values = Float32Array | Int32Array | Uint8Array;
type DataId = tf.TensorInfo['dataId'];

/**
 * What the backend knows of a tensor's data. Numbers live in the wasm heap; `values` is a view on them, made when it is
 * asked for, so that the kernels of tfjs's CPU backend read tensors of this one. They write only by making tensors.
 */
class TensorData {
  refCount = 1;
  /** Byte address of the block in the heap; 0 for strings and complex numbers. */
  at = 0;
  strings?: Uint8Array[];
  complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo };

  constructor(
    readonly runtime: WasmRuntime,
    readonly dtype: tf.DataType,
    readonly size: number,
  ) {}

  get values(): Values | Uint8Array[] | undefined {
    if (this.strings !== undefined) return this.strings;
    if (this.at === 0) return undefined;
    if (this.dtype === 'int32') return this.runtime.ints(this.at, this.size);
    if (this.dtype === 'bool') return this.runtime.bytes(this.at, this.size);
    return this.runtime.floats(this.at, this.size);
  }

  release(): void {
    if (this.at !== 0) this.runtime.allocator.release(this.at);
    this.at = 0;
  }
}

/** `tf.memory()` on this backend: bytes of live tensors, and bytes of the WebAssembly memory. */
export interface WasmMemory {
  unreliable: boolean;
  reasons: string[];
  bytesInUse: number;
  bytesReserved: number;
}

/**
 * A tfjs backend whose numeric tensors live in one WebAssembly memory that all threads share. It offers what the
 * kernels of tfjs's CPU backend expect of theirs, so that any op without a kernel of its own still works.
 */
export class WasmBackend extends tf.KernelBackend implements LimitsMemory {
  readonly runtime: WasmRuntime;
  /** Addresses have 32 bits. */
  readonly memoryLimit = 2 ** 32;
  /** Read by kernels of the CPU backend: the side of the blocks of its matrix product. */
  readonly blockSize = 48;
  readonly data: tf.DataStorage<TensorData>;
  /**
   * Some CPU kernels leave intermediate tensors to the garbage collector. Whatever came in through `write` and was
   * never disposed is released when its id is collected.
   */
  readonly #collected = new FinalizationRegistry<TensorData>(data => data.release());

  constructor(runtime: WasmRuntime) {
    super();
    this.runtime = runtime;
    this.data = new tf.DataStorage(this, tf.engine());
  }

  /** A tensor of uninitialised memory, for a kernel to write all of. */
  output(shape: readonly number[], dtype: 'float32' | 'int32' | 'bool' = 'float32'): tf.TensorInfo {
    const data = new TensorData(this.runtime, dtype, sizeOf(shape));
    data.at = this.runtime.allocator.allocate(data.size * (dtype === 'bool' ? 1 : 4));
    const dataId: DataId = {};
    this.data.set(dataId, data);
    return { dataId, shape: shape as number[], dtype };
  }

  /** The byte address of a numeric tensor in the heap. */
  pointer(tensor: tf.TensorInfo): number {
    return this.data.get(tensor.dataId).at;
  }

  /** A tensor of another shape on the same data: no copy, one reference more. */
  view(tensor: tf.TensorInfo, shape: readonly number[], dtype = tensor.dtype): tf.TensorInfo {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape: shape as number[], dtype };
  }

  /** See {@link WasmRuntime.runJob}. */
  runJob(kernel: KernelName, items: number, args: readonly JobArg[], grain?: number): void {
    this.runtime.runJob(kernel, items, args, grain);
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    const dataId: DataId = {};
    const data = this.#store(values, shape, dtype);
    this.data.set(dataId, data);
    if (data.at !== 0) this.#collected.register(dataId, data);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const data = this.#store(values, shape, dtype);
    data.refCount = refCount;
    this.data.set(dataId, data);
    if (data.at !== 0) this.#collected.register(dataId, data);
  }

  #store(values: tf.backend_util.BackendValues | undefined, shape: number[], dtype: tf.DataType): TensorData {
    const data = new TensorData(this.runtime, dtype, sizeOf(shape));
    if (dtype === 'string') data.strings = values as Uint8Array[];
    else if (dtype !== 'complex64') {
      data.at = this.runtime.allocator.allocate(data.size * (dtype === 'bool' ? 1 : 4));
      if (values) (data.values as Values).set(values as Values);
    }
    return data;
  }

  /** A tensor with these values, or without `values` one whose data the caller fills in. */
  makeTensorInfo(
    shape: number[],
    dtype: tf.DataType,
    values?: tf.backend_util.BackendValues | string[],
  ): tf.TensorInfo {
    const encoded =
      dtype === 'string' && typeof values?.[0] === 'string'
        ? (values as string[]).map(text => tf.util.encodeString(text))
        : (values as tf.backend_util.BackendValues);
    return { dataId: this.write(encoded, shape, dtype), shape, dtype };
  }

  makeOutput(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.makeTensorInfo(shape, dtype, values), this);
  }

  override async read(dataId: DataId): Promise<tf.backend_util.BackendValues> {
    return this.readSync(dataId);
  }

  /** A copy: a view would change when the tensor is disposed, and a shared buffer is refused by many Web APIs. */
  override readSync(dataId: DataId): tf.backend_util.BackendValues {
    const { values, complexTensorInfos } = this.data.get(dataId);
    if (complexTensorInfos) {
      const real = this.readSync(complexTensorInfos.real.dataId) as Float32Array;
      const imag = this.readSync(complexTensorInfos.imag.dataId) as Float32Array;
      return tf.backend_util.mergeRealAndImagArrays(real, imag);
    }
    return values!.slice() as tf.backend_util.BackendValues;
  }

  /** Used by CPU kernels, which only read it: the view itself. */
  bufferSync<R extends tf.Rank, D extends tf.DataType>(tensor: tf.TensorInfo): tf.TensorBuffer<R, D> {
    const { values, strings } = this.data.get(tensor.dataId);
    const decoded = strings ? strings.map(bytes => tf.util.decodeString(bytes)) : values;
    return tf.buffer(tensor.shape as tf.ShapeMap[R], tensor.dtype as D, decoded as tf.DataTypeMap[D]);
  }

  where(condition: tf.Tensor): tf.Tensor2D {
    return tf.kernel_impls.whereImpl(condition.shape, this.readSync(condition.dataId) as tf.TypedArray);
  }

  override refCount(dataId: DataId): number {
    return this.data.has(dataId) ? this.data.get(dataId).refCount : 0;
  }

  override incRef(dataId: DataId): void {
    this.data.get(dataId).refCount++;
  }

  decRef(dataId: DataId): void {
    if (this.data.has(dataId)) this.data.get(dataId).refCount--;
  }

  /** `true` once the data is gone; `false` while others refer to it. */
  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const data = this.data.get(dataId);
    data.refCount--;
    if (!force && data.refCount > 0) return false;
    if (data.complexTensorInfos) {
      this.disposeData(data.complexTensorInfos.real.dataId, true);
      this.disposeData(data.complexTensorInfos.imag.dataId, true);
    }
    data.release();
    this.data.delete(dataId);
    return true;
  }

  disposeIntermediateTensorInfo(tensor: tf.TensorInfo): void {
    this.disposeData(tensor.dataId);
  }

  override numDataIds(): number {
    return this.data.numDataIds();
  }

  override async time(run: () => void): Promise<tf.BackendTimingInfo> {
    const start = tf.util.now();
    run();
    return { kernelMs: tf.util.now() - start } as tf.BackendTimingInfo;
  }

  override memory(): WasmMemory {
    return { unreliable: false, reasons: [], ...this.runtime.allocator.use() };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override dispose(): void {
    this.runtime.dispose();
  }
}
