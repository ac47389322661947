/**
 * What a program asks of WebGPU, whoever wrote it: the prototypes of the API are wrapped, so that tfjs, jax-js and ONNX Runtime are counted
 * by one rule.
 */
export interface Observed {
  /** Kernel launches so far. */
  launches: number;
  /** Bytes of the buffers that exist: made and not destroyed. What a library keeps in a pool for later counts. */
  bytes: number;
  /** The most that `bytes` has been. */
  peakBytes: number;
  /** What went wrong on a device first: WebGPU throws nothing, and computes garbage from there on. */
  failure: string | undefined;
}

/** To be called once, after WebGPU's globals exist and before a device is made. */
export function observeDevice(): Observed {
  const observed: Observed = { launches: 0, bytes: 0, peakBytes: 0, failure: undefined };
  for (const name of ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect'] as const)
    wrap(GPUComputePassEncoder.prototype, name, () => void observed.launches++);
  wrap(GPUAdapter.prototype, 'requestDevice', (_adapter, _arguments, requested) => {
    const listen = (device: GPUDevice) =>
      device.addEventListener('uncapturederror', event => {
        observed.failure ??= (event as GPUUncapturedErrorEvent).error.message;
      });
    // Whoever asked for the device hears why there is none.
    void requested.then(listen, () => {});
  });
  // A buffer that is dropped without being destroyed is freed with its object, if ever.
  const collected = new FinalizationRegistry<number>(size => (observed.bytes -= size));
  const live = new WeakMap<GPUBuffer, number>();
  wrap(GPUDevice.prototype, 'createBuffer', (_device, _arguments, buffer) => {
    live.set(buffer, buffer.size);
    collected.register(buffer, buffer.size, buffer);
    observed.bytes += buffer.size;
    observed.peakBytes = Math.max(observed.peakBytes, observed.bytes);
  });
  wrap(GPUBuffer.prototype, 'destroy', buffer => {
    observed.bytes -= live.get(buffer) ?? 0;
    live.delete(buffer);
    collected.unregister(buffer);
  });
  return observed;
}

type Method = (...args: never[]) => unknown;

function wrap<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  after: T[K] extends Method ? (self: T, args: Parameters<T[K]>, result: ReturnType<T[K]>) => void : never,
): void {
  const original = prototype[name] as (this: T, ...args: unknown[]) => unknown;
  const seen = after as unknown as (self: T, args: unknown[], result: unknown) => void;
  Object.assign(prototype, {
    [name](this: T, ...args: unknown[]) {
      const result = original.apply(this, args);
      seen(this, args, result);
      return result;
    },
  });
}
