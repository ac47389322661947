import { BackendError } from '@simvlm/core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { boundPool } from './buffer-pool';
import { type FoundDevice, nameOf } from './device';
import { isFloat, moduleText, type Program, type Uniforms } from './program';

type T = tf.TensorInfo;

/** What tfjs's backend keeps to itself, and a launch needs. */
interface Internals {
  commandEncoder: GPUCommandEncoder;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  readonly commandQueueOwnedIds: WeakSet<object>;
  readonly uniformPendingDisposal: GPUBuffer[];
  activeTimers?: unknown;
}

interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Milliseconds that a read which was broken off waits for the device to say that it is lost. */
const LOSS_PATIENCE = 60_000;

/** One launch of a program. */
export interface Launch {
  readonly program: Program;
  /** In the order of `program.reads`. */
  readonly inputs: readonly T[];
  /** In the order of `program.writes`: tensors of `make`, or existing ones that are overwritten. */
  readonly outputs: readonly T[];
  readonly uniforms?: Uniforms;
  /** Workgroups: x, y, z. */
  readonly groups: readonly [number, number, number];
}

/** What went wrong on the device, where a program hears of it later. */
export interface GpuFailure {
  readonly kind: 'validation' | 'out-of-memory' | 'internal' | 'lost';
  readonly message: string;
}

/**
 * tfjs's WebGPU backend on a device of ours, with launches of our own kernels beside tfjs's in one stream of commands.
 *
 * WebGPU says of an error only later, and what came after it holds garbage. Whatever went wrong is kept here, told to
 * `onFailure`, and thrown by the next read: no garbage is taken for a result.
 */
export class SimVlmWebGpuBackend extends WebGPUBackend {
  readonly found: FoundDevice;
  /** Launches so far, tfjs's own and ours. */
  launches = 0;
  /** Whether kernels add over subgroups, where the device has them; each launch asks anew. */
  subgroups: boolean;
  /**
   * Where matrix products keep what they work on: in workgroup memory, or in registers alone, which is faster where the processor stands in
   * for a graphics card (`gemm-direct.ts`); each launch asks anew.
   */
  tiles: 'workgroup' | 'registers';
  /** Workgroups that a launch may have in a dimension: the device's limit. */
  mostGroups: number;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #listeners = new Set<(failure: GpuFailure) => void>();
  #failure: GpuFailure | undefined;

  constructor(found: FoundDevice) {
    super(found.device, found.info);
    this.found = found;
    const { device } = found;
    boundPool(this.bufferManager);
    this.subgroups = device.features.has('subgroups' as GPUFeatureName);
    this.tiles = found.isSoftware && found.precision === 'float32' ? 'registers' : 'workgroup';
    this.mostGroups = device.limits.maxComputeWorkgroupsPerDimension;
    device.addEventListener('uncapturederror', event => {
      const { error } = event as GPUUncapturedErrorEvent;
      this.#fail({ kind: kindOf(error), message: error.message });
      event.preventDefault();
    });
    void device.lost.then(({ message, reason }) =>
      this.#fail({ kind: 'lost', message: message || `the device was lost (${reason})` }),
    );
  }

  /** Calls `listener` when something goes wrong on the device; gives a function that ends it. */
  onFailure(listener: (failure: GpuFailure) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What went wrong first, if anything. */
  get failure(): GpuFailure | undefined {
    return this.#failure;
  }

  /** A new tensor on the device, of undefined contents. */
  make(shape: readonly number[], dtype: tf.DataType): T {
    const made = this.makeTensorInfo([...shape], dtype);
    if (tf.util.sizeFromShape(made.shape) === 0)
      this.tensorMap.get(made.dataId).values = tf.util.getTypedArrayFromDType(dtype as 'float32', 0);
    return made;
  }

  /** Puts a launch into the stream of commands. */
  launch({ program, inputs, outputs, uniforms = {}, groups }: Launch): void {
    this.#check();
    if (groups.some(count => count === 0)) return;
    if (groups.some(count => count > this.mostGroups)) {
      throw new BackendError(
        'OUT_OF_MEMORY',
        `${program.key}: ${groups.join(' × ')} workgroups; this device launches at most ${this.mostGroups} in a dimension: make batches smaller`,
      );
    }
    const { pipeline, layout } = this.#pipelineOf(program);
    const internals = this as unknown as Internals;
    const tensors = [...inputs, ...outputs];
    const entries = tensors.map(({ dataId }, binding): GPUBindGroupEntry => {
      this.uploadToGPU(dataId);
      internals.commandQueueOwnedIds.add(dataId);
      return { binding, resource: { buffer: this.tensorMap.get(dataId).resource as GPUBuffer } };
    });
    // What was known of an overwritten tensor on the host holds no more; of an empty one nothing else is known.
    for (const { dataId, shape } of outputs)
      if (tf.util.sizeFromShape(shape) > 0) this.tensorMap.get(dataId).values = null as never;
    if (program.uniforms.length > 0)
      entries.push({ binding: tensors.length, resource: { buffer: this.#uniformBuffer(program, uniforms) } });
    this.ensureCommandEncoderReady();
    internals.computePassEncoder ??= internals.commandEncoder.beginComputePass();
    const pass = internals.computePassEncoder;
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(...(groups as [number, number, number]));
    this.launches++;
    internals.dispatchCountInPass++;
    if (internals.dispatchCountInPass >= (tf.env().get('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE') as number)) {
      this.endComputePassEncoder();
      this.submitQueue();
    }
  }

  /** Another reference to the same data. */
  share(tensor: T, shape: readonly number[] = tensor.shape): T {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype };
  }

  override runWebGPUProgram(...args: Parameters<WebGPUBackend['runWebGPUProgram']>): T {
    this.#check();
    this.launches++;
    return super.runWebGPUProgram(...args);
  }

  override uploadToGPU(dataId: object): void {
    const data = this.tensorMap.get(dataId);
    if (data.resource == null) {
      const bytes = 4 * tf.util.sizeFromShape(data.shape);
      if (bytes === 0) {
        // An empty buffer cannot be bound, and tfjs binds empty tensors; of vectors one at least must fit.
        const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
        data.resource = this.bufferManager.acquireBuffer(16, usage);
        return;
      }
      const limit = this.device.limits.maxStorageBufferBindingSize;
      if (bytes > limit) {
        throw new BackendError(
          'OUT_OF_MEMORY',
          `a tensor of shape [${data.shape}] takes ${bytes} bytes; this device binds at most ${limit}: make batches smaller`,
        );
      }
    }
    super.uploadToGPU(dataId);
  }

  override async read(dataId: object): Promise<tf.backend_util.BackendValues> {
    this.#check();
    try {
      const values = await this.#valuesOf(dataId);
      this.#check();
      return values;
    } catch (error) {
      await this.#wordOfLoss(error);
      this.#check();
      throw error instanceof BackendError
        ? error
        : new BackendError('BACKEND_FAILED', `webgpu: reading a tensor: ${(error as Error).message}`, {
            cause: error,
          });
    }
  }

  /** The numbers of a tensor, which may be disposed while they are on their way: tfjs would fail to keep them. */
  async #valuesOf(dataId: object): Promise<tf.backend_util.BackendValues> {
    const data = this.tensorMap.has(dataId) ? this.tensorMap.get(dataId) : undefined;
    if (!data?.resource || data.values != null || data.dtype === 'complex64') return super.read(dataId);
    const bytes = await this.getBufferData(data.resource as GPUBuffer);
    const values = tf.util.convertBackendValuesAndArrayBuffer(bytes, data.dtype);
    data.values = values;
    return values;
  }

  /**
   * Frees what the engine held when it is reset; the backend goes on, as its factory gives the same one again. Commands run first: they
   * may need buffers that go now.
   */
  override dispose(): void {
    this.ensureCommandEncoderReady();
    this.endComputePassEncoder();
    this.submitQueue();
    this.bufferManager.dispose();
    this.textureManager.dispose();
  }

  /**
   * Where the device is lost, mapping fails first, with an `AbortError`, and that it is lost is known later: in a browser, once the GPU's
   * process is done with what it was at, which may be the compiling of a long shader.
   */
  async #wordOfLoss(error: unknown): Promise<void> {
    if ((error as Error).name !== 'AbortError') return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise(resolve => {
      timer = setTimeout(resolve, LOSS_PATIENCE);
    });
    await Promise.race([this.device.lost, patience]);
    clearTimeout(timer);
  }

  #pipelineOf(program: Program): Pipeline {
    const known = this.#pipelines.get(program.key);
    if (known) return known;
    const { device } = this;
    const buffer = (type: GPUBufferBindingType, binding: number): GPUBindGroupLayoutEntry => ({
      ...{ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } },
    });
    const kinds: GPUBufferBindingType[] = [
      ...Object.keys(program.reads).map(() => 'read-only-storage' as const),
      ...Object.keys(program.writes).map(() => 'storage' as const),
      ...(program.uniforms.length > 0 ? (['uniform'] as const) : []),
    ];
    const layout = device.createBindGroupLayout({ label: program.key, entries: kinds.map(buffer) });
    const pipeline = device.createComputePipeline({
      label: program.key,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: {
        module: device.createShaderModule({ label: program.key, code: moduleText(program) }),
        entryPoint: 'entry',
      },
    });
    const made = { pipeline, layout };
    this.#pipelines.set(program.key, made);
    return made;
  }

  #uniformBuffer({ key, uniforms: names }: Program, values: Uniforms): GPUBuffer {
    const bytes = 16 * Math.ceil(names.length / 4);
    const data = new DataView(new ArrayBuffer(bytes));
    for (const [i, name] of names.entries()) {
      const value = values[name];
      if (value === undefined) throw new Error(`${key}: the uniform "${name}" has no value`);
      if (isFloat(name)) data.setFloat32(4 * i, value, true);
      else data.setUint32(4 * i, value, true);
    }
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.UNIFORM;
    const made = this.bufferManager.acquireBuffer(bytes, usage);
    this.queue.writeBuffer(made, 0, data.buffer);
    (this as unknown as Internals).uniformPendingDisposal.push(made);
    return made;
  }

  #fail(failure: GpuFailure): void {
    this.#failure ??= failure;
    for (const listener of this.#listeners) listener(failure);
  }

  #check(): void {
    const failure = this.#failure;
    if (!failure) return;
    const where = nameOf(this.found.info);
    throw new BackendError(
      failure.kind === 'out-of-memory' ? 'OUT_OF_MEMORY' : 'BACKEND_FAILED',
      failure.kind === 'lost'
        ? `webgpu: the device (${where}) was lost: ${failure.message}; register the backend again and go on from the last checkpoint`
        : `webgpu: ${failure.kind} error on ${where}: ${failure.message}`,
    );
  }
}

function kindOf(error: GPUError): GpuFailure['kind'] {
  if (error instanceof GPUOutOfMemoryError) return 'out-of-memory';
  return error instanceof GPUValidationError ? 'validation' : 'internal';
}
