import { BackendError } from '@simvlm/core';
import { findGpu } from './gpu';

export interface DeviceOptions {
  /**
   * `true`: take an adapter that computes on the processor, such as SwiftShader, when there is no other. `only`: take such a one even
   * where there is a GPU. Default false.
   */
  readonly software?: boolean | 'only';
  /** Of several GPUs; default `high-performance`. */
  readonly powerPreference?: GPUPowerPreference;
  /**
   * `float16`: matrix products round what they multiply to float16 and add in float32, where the device has `shader-f16`: elsewhere it
   * is float32 all the same. Default `float32`.
   */
  readonly precision?: Precision;
}

export type Precision = 'float32' | 'float16';

export interface FoundDevice {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  /** Whether it computes on the processor. */
  readonly isSoftware: boolean;
  /** What matrix products multiply in: what was asked for, as far as the device has it. */
  readonly precision: Precision;
}

/** Features that kernels make use of where they are there. */
const WANTED = ['subgroups', 'shader-f16', 'timestamp-query', 'bgra8unorm-storage'] as const;

/** Limits that are worth having as high as they go. */
const RAISED = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/** Renderers on the processor that do not say so themselves. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render/i;

/**
 * A device of our own, with the features and limits that the kernels can use.
 *
 * @throws BackendError `BACKEND_UNAVAILABLE` where there is no WebGPU, no adapter, or one in software that nobody asked for
 */
export async function requestDevice(options: DeviceOptions = {}): Promise<FoundDevice> {
  const { adapter, info, isSoftware } = await requestAdapter(options);
  const requiredFeatures = WANTED.filter(feature => adapter.features.has(feature)) as GPUFeatureName[];
  const limits = adapter.limits as unknown as Record<string, number | undefined>;
  const requiredLimits = Object.fromEntries(
    RAISED.flatMap(name => (limits[name] === undefined ? [] : [[name, limits[name]!]])),
  );
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  const half = options.precision === 'float16' && device.features.has('shader-f16');
  return { device, info, isSoftware, precision: half ? 'float16' : 'float32' };
}

/** The adapter that would be taken. @throws BackendError as `requestDevice` does */
export async function requestAdapter({ software, powerPreference = 'high-performance' }: DeviceOptions = {}) {
  const gpu = await findGpu();
  const adapter = await gpu.requestAdapter(
    software === 'only' ? { forceFallbackAdapter: true } : { powerPreference },
  );
  if (!adapter) {
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      'WebGPU found no graphics adapter: see to the driver (on Linux one for Vulkan), or use another backend',
    );
  }
  const info = await adapterInfo(adapter);
  const isSoftware = isSoftwareAdapter(adapter, info);
  if (isSoftware && !software) {
    throw new BackendError(
      'BACKEND_UNAVAILABLE',
      `the only adapter of WebGPU is ${nameOf(info)}, which computes on the processor, slower than the backend wasm: ask for it with software: true, on the command line --device software`,
    );
  }
  return { adapter, info, isSoftware };
}

/** What people call an adapter. */
export function nameOf({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return description || device || [vendor, architecture].filter(Boolean).join(' ') || 'an unnamed adapter';
}

async function adapterInfo(adapter: GPUAdapter): Promise<GPUAdapterInfo> {
  const { info } = adapter as unknown as { info?: GPUAdapterInfo };
  return info ?? adapter.requestAdapterInfo();
}

function isSoftwareAdapter(adapter: GPUAdapter, info: GPUAdapterInfo): boolean {
  const marks = [adapter, info] as unknown as { isFallbackAdapter?: boolean }[];
  const names = [info.description, info.device, info.architecture, info.vendor].join(' ');
  return marks.some(({ isFallbackAdapter }) => isFallbackAdapter === true) || SOFTWARE.test(names);
}
