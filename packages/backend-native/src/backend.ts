import { BackendError } from '@simvlm/core';
import type { CapturesSteps, DecodesRows, KnowsSharing, ReadsParts, WritesParts } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import {
  type Argument,
  type DeviceIndex,
  type Handle,
  type NativeAddon,
  type NativeMemory,
  scalarType,
} from './addon/interface';
import { type Aten, nativeError } from './aten';
import { type NumericType, numbersOf, sameShape, scalarTypeOf, TensorData, valuesOf } from './tensor-data';

type DataId = tf.TensorInfo['dataId'];

/** Rows up to which the addon's own products are faster than those of a BLAS. */
const DECODED_ROWS = 32;

/** So many DataIds are held at most before it is seen which are still in use. */
const YOUNG = 4096;

/** `tf.memory()` on this backend: what ATen holds now. */
export interface NativeBackendMemory extends NativeMemory {
  readonly unreliable: false;
  readonly reasons: string[];
}

/**
 * A tfjs backend whose tensors are ATen's, on one device.
 *
 * Every DataId owns one handle, and the tensor behind it has the DataId's shape: a reshape, a transpose or a slice is a
 * DataId of its own on the same storage. `disposeData` frees the handle; of a tensor that was forgotten, the garbage
 * collector does.
 *
 * Kernels run between `mark` and `release`: all handles that `op` and `input` made are freed at the end, also when
 * an operator throws, but for those that became outputs.
 */
export class NativeBackend
  extends tf.KernelBackend
  implements CapturesSteps, DecodesRows, KnowsSharing, ReadsParts, WritesParts
{
  readonly aten: Aten;
  readonly addon: NativeAddon;
  readonly device: DeviceIndex;
  readonly data: tf.DataStorage<TensorData>;
  /** Whether float32 tensors may be stored as bfloat16: see `precision.ts`. */
  reduced = false;
  /** Records a step and replays it: see `captureStep` of `@simvlm/ops`. Given by who makes the backend, as recordings know backends. */
  captureStep!: CapturesSteps['captureStep'];
  /** Overwrites a part of a tensor: see `write-part.ts`. Given by who makes the backend, as copies in other precisions know backends. */
  writePart!: WritesParts['writePart'];
  /** Handles that belong to the kernels that run now. */
  readonly #temporaries: Handle[] = [];
  readonly #registry = new FinalizationRegistry<TensorData>(data => {
    if (data.released) return;
    this.#collected++;
    this.#release(data);
  });
  /**
   * DataIds made since the last microtask. Most are disposed before it, and to watch each would cost more than to run
   * an operator; the registry tells of none before it either.
   */
  readonly #young: [DataId, TensorData][] = [];
  /** DataIds that the collector took: the data storage still counts them. */
  #collected = 0;

  constructor(aten: Aten, device: DeviceIndex) {
    super();
    this.aten = aten;
    this.addon = aten.addon;
    this.device = device;
    this.data = new tf.DataStorage(this, tf.engine());
  }

  /** Rows of a linear map that the kernel for decoding takes: float32 on the CPU. */
  get decodedRows(): number {
    return this.device < 0 && !this.reduced ? DECODED_ROWS : 0;
  }

  // ---- for kernels -------------------------------------------------------------------------------------------------

  /** Where the temporaries of a kernel begin. */
  mark(): number {
    return this.#temporaries.length;
  }

  /** Frees the temporaries made since `mark`. */
  release(mark: number): void {
    const temporaries = this.#temporaries;
    while (temporaries.length > mark) this.addon.free(temporaries.pop()!);
  }

  /** The ATen tensor of `tensor`, of its shape and type. It stays the backend's: not to be changed nor freed. */
  input(tensor: tf.TensorInfo): Handle {
    const handle = this.stored(tensor);
    return this.reduced ? this.#widened(handle) : handle;
  }

  /** The same as it is stored: where the precision is reduced, a float32 tensor may be of bfloat16. */
  stored(tensor: tf.TensorInfo): Handle {
    const data = this.data.get(tensor.dataId);
    const handle = data.handle !== 0 ? data.handle : this.#upload(data);
    if (data.dtype === tensor.dtype && sameShape(data.shape, tensor.shape)) return handle;
    // Data that came from another backend may be shared by tensors of other shapes and types.
    const shaped = this.op('reshape', handle, tensor.shape);
    return data.dtype === tensor.dtype
      ? shaped
      : this.op('to.dtype', shaped, scalarTypeOf[tensor.dtype as NumericType]);
  }

  #widened(handle: Handle): Handle {
    if (this.addon.dtype(handle) !== scalarType.bfloat16) return handle;
    return this.op('to.dtype', handle, scalarType.float32);
  }

  /** The number of a tensor that was made of one number on the host, else `undefined`. */
  scalar(tensor: tf.TensorInfo): number | undefined {
    return this.data.get(tensor.dataId).scalar;
  }

  /** Says that a kernel has written to the tensor's memory: what was known of its number on the host holds no more. */
  overwritten(tensor: tf.TensorInfo): void {
    this.data.get(tensor.dataId).scalar = undefined;
  }

  /** Whether somebody else would see what is written to the tensor's memory: a clone, a view. */
  isShared(tensor: tf.TensorInfo): boolean {
    const { refCount, handle } = this.data.get(tensor.dataId);
    return refCount > 1 || handle === 0 || this.addon.isShared(handle);
  }

  /** Runs an operator that returns one tensor, a temporary of the kernel. */
  op(name: string, ...args: Argument[]): Handle {
    const handle = this.aten.call(name, ...args);
    this.#temporaries.push(handle);
    return handle;
  }

  /** Runs an operator that returns several tensors, temporaries of the kernel; 0 for one that ATen leaves undefined. */
  ops(name: string, ...args: Argument[]): Handle[] {
    const handles = this.aten.callAll(name, ...args).map(handle => handle ?? 0);
    for (const handle of handles) if (handle !== 0) this.#temporaries.push(handle);
    return handles;
  }

  /** Numbers of the host on the device, a temporary of the kernel. */
  constant(
    values: Float32Array | Int32Array | Uint8Array,
    shape: readonly number[],
    dtype: NumericType,
  ): Handle {
    const handle = this.#create(values, shape, dtype);
    this.#temporaries.push(handle);
    return handle;
  }

  /**
   * Makes a tensor of a handle. A temporary of the kernel becomes the tensor's own, any other is aliased. Outputs come last:
   * what throws after them leaves them to the garbage collector.
   */
  output(handle: Handle, shape: readonly number[], dtype: tf.DataType): tf.TensorInfo {
    const data = new TensorData(shape, dtype);
    data.handle = this.#take(handle) ? handle : this.addon.alias(handle);
    return { dataId: this.#store(data), shape: shape as number[], dtype };
  }

  /** Keeps a temporary of the kernel beside an output for as long as that lives: see {@link companion}. */
  accompany(tensor: tf.TensorInfo, handle: Handle): void {
    if (this.#take(handle)) this.data.get(tensor.dataId).companion = handle;
  }

  /** What the kernel that made a tensor left beside it, else 0. It stays the tensor's. */
  companion(tensor: tf.TensorInfo): Handle {
    return this.data.get(tensor.dataId).companion;
  }

  /** Frees a large temporary before the kernel ends. */
  free(handle: Handle): void {
    if (this.#take(handle)) this.addon.free(handle);
  }

  /** The same data once more. */
  share(tensor: tf.TensorInfo): tf.TensorInfo {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape: tensor.shape, dtype: tensor.dtype };
  }

  /** A tensor of host values. */
  makeTensorInfo(
    shape: readonly number[],
    dtype: tf.DataType,
    values: tf.backend_util.BackendValues | string[],
  ): tf.TensorInfo {
    const encoded =
      dtype === 'string' && typeof values[0] === 'string'
        ? (values as string[]).map(text => tf.util.encodeString(text))
        : (values as tf.backend_util.BackendValues);
    return { dataId: this.write(encoded, shape as number[], dtype), shape: shape as number[], dtype };
  }

  #take(handle: Handle): boolean {
    const temporaries = this.#temporaries;
    for (let i = temporaries.length - 1; i >= 0; i--) {
      if (temporaries[i] !== handle) continue;
      const last = temporaries.pop()!;
      if (i < temporaries.length) temporaries[i] = last;
      return true;
    }
    return false;
  }

  #store(data: TensorData): DataId {
    const dataId: DataId = {};
    this.#keep(dataId, data);
    return dataId;
  }

  #keep(dataId: DataId, data: TensorData): void {
    this.data.set(dataId, data);
    const young = this.#young;
    if (young.push([dataId, data]) === 1) queueMicrotask(() => this.#settle());
    else if (young.length === YOUNG) this.#settle();
  }

  /** Whoever outlives the code that made it is watched from now on. */
  #settle(): void {
    for (const [dataId, data] of this.#young) if (!data.released) this.#registry.register(dataId, data);
    this.#young.length = 0;
  }

  #create(
    values: Float32Array | Int32Array | Uint8Array,
    shape: readonly number[],
    dtype: NumericType,
  ): Handle {
    try {
      return this.addon.create(values, shape, scalarTypeOf[dtype], this.device);
    } catch (error) {
      throw nativeError(`a tensor of shape [${shape}]`, error as Error);
    }
  }

  #upload(data: TensorData): Handle {
    if (data.scalar === undefined) {
      throw new BackendError(
        'BACKEND_FAILED',
        `the backend 'native' has no kernel for tensors of ${data.dtype}: use tf.setBackend('cpu') for them`,
      );
    }
    const dtype = data.dtype as NumericType;
    data.handle = this.#create(numbersOf([data.scalar] as never, dtype), data.shape, dtype);
    return data.handle;
  }

  #release(data: TensorData): void {
    data.released = true;
    if (data.handle !== 0) this.addon.free(data.handle);
    if (data.companion !== 0) this.addon.free(data.companion);
    data.handle = 0;
    data.companion = 0;
    data.strings = undefined;
  }

  // ---- for tfjs ----------------------------------------------------------------------------------------------------

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    return this.#store(this.#dataOf(values, shape, dtype));
  }

  override move(
    dataId: DataId,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const data = this.#dataOf(values, shape, dtype);
    data.refCount = refCount;
    this.#keep(dataId, data);
  }

  #dataOf(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): TensorData {
    const data = new TensorData([...shape], dtype);
    if (dtype === 'string') data.strings = values as Uint8Array[];
    else {
      const numbers = numbersOf(values, dtype as NumericType);
      if (numbers.length === 1) data.scalar = numbers[0];
      else data.handle = this.#create(numbers, shape, dtype as NumericType);
    }
    return data;
  }

  /** Never blocks the event loop. The values stay when the tensor is disposed in the meantime. */
  override async read(dataId: DataId): Promise<tf.backend_util.BackendValues> {
    const data = this.data.get(dataId);
    if (data.handle === 0) return this.readSync(dataId);
    const handle = this.#toRead(data);
    try {
      return valuesOf(await this.addon.read(handle), data.dtype as NumericType);
    } catch (error) {
      throw nativeError('reading a tensor', error as Error);
    } finally {
      this.addon.free(handle);
    }
  }

  override readSync(dataId: DataId): tf.backend_util.BackendValues {
    const data = this.data.get(dataId);
    if (data.strings !== undefined) return data.strings;
    if (data.scalar !== undefined) return numbersOf([data.scalar] as never, data.dtype as NumericType);
    const handle = this.#toRead(data);
    try {
      return valuesOf(this.addon.readSync(handle), data.dtype as NumericType);
    } catch (error) {
      throw nativeError('reading a tensor', error as Error);
    } finally {
      this.addon.free(handle);
    }
  }

  /** A handle of its own, in the tensor's type. */
  #toRead({ handle }: TensorData): Handle {
    const isNarrow = this.reduced && this.addon.dtype(handle) === scalarType.bfloat16;
    return isNarrow ? this.aten.call('to.dtype', handle, scalarType.float32) : this.addon.alias(handle);
  }

  /** Fills `into` with the numbers of a float32 tensor from number `begin` on. */
  readPart(tensor: tf.TensorInfo, begin: number, into: Float32Array): void {
    const mark = this.mark();
    try {
      this.addon.readInto(this.input(tensor), begin, into);
    } finally {
      this.release(mark);
    }
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
    this.#release(data);
    this.data.delete(dataId);
    return true;
  }

  disposeIntermediateTensorInfo(tensor: tf.TensorInfo): void {
    this.disposeData(tensor.dataId);
  }

  override numDataIds(): number {
    return this.data.numDataIds() - this.#collected;
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(run: () => void): Promise<tf.BackendTimingInfo> {
    this.addon.synchronize(this.device);
    const start = tf.util.now();
    run();
    this.addon.synchronize(this.device);
    return { kernelMs: tf.util.now() - start } as tf.BackendTimingInfo;
  }

  override memory(): NativeBackendMemory {
    return { unreliable: false, reasons: [], ...this.addon.memory() };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  /** Nothing to do: tensors that are still there go with the garbage collector. */
  override dispose(): void {}
}
