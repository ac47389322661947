import type { Registry } from '@simvlm/core';
import type { PickedBackend, Precision } from '@simvlm/runtime';
import { Option } from 'commander';

/** Where a command computes and how exactly. What there is to choose from, `pickBackend` knows and checks. */
export interface ComputeOptions {
  backend?: string;
  device?: string;
  precision?: Precision;
  /** Threads on the CPU; default: what the backend takes. */
  threads?: number;
}

/** The options of every command that computes; `startBackend` takes what they give. */
export function computeOptions(): Option[] {
  return [
    new Option(
      '--backend <name>',
      "compute with this backend (native, webgpu, wasm, cpu, or a plug-in's); default: the fastest here",
    ),
    new Option(
      '--device <name>',
      'compute on this device: cpu, cuda or cuda:N; of webgpu: high-performance, low-power or software; default: the fastest here',
    ),
    new Option(
      '--precision <type>',
      'float32, or bfloat16 for matrix products and convolutions, on the backend native; default: float32, or for training what the config says',
    ),
  ];
}

/**
 * Makes the backend that was asked for the current one, or the fastest that can do what was asked for.
 *
 * @param registry the parts of plug-ins, whose backends can be asked for too
 * @throws BackendError, ConfigError as `pickBackend` does
 */
export async function startBackend(
  { backend, device, precision, threads }: ComputeOptions,
  registry?: Registry,
): Promise<PickedBackend> {
  // Loaded here, so that help needs no tensors.
  const { pickBackend } = await import('@simvlm/runtime');
  return pickBackend({
    ...(registry && { registry }),
    ...(backend !== undefined && { prefer: backend }),
    ...(device !== undefined && { device }),
    ...(precision !== undefined && { precision }),
    ...(threads !== undefined && { threads }),
  });
}
