export type { Precision, ProcessPlace } from '@simvlm/core';

/** What bundlers for browsers get in place of this package: the same functions, which say that it runs in Node only. */
import { BackendError, type ProcessGroup } from '@simvlm/core';
import type { NativeStatus } from './addon/index';
import type { NativeInfo } from './register';
import type { NativeReport } from './report';

export { cpuLine } from './addon/cpu-line';
export type { NativeStatus } from './addon/index';
export type { CpuInfo } from './addon/interface';
export { processPlace } from './distributed/environment';
export type { JoinOptions } from './distributed/process-group';
export type { NativeInfo, NativeOptions } from './register';
export type { NativeReport } from './report';

const REASON = 'libtorch runs in Node, not in browsers';

export function nativeStatus(): NativeStatus {
  const nothing = { file: null, cuda: false, cudaVersion: null, leftOut: [] };
  return { found: false, built: false, reason: REASON, ...nothing };
}

export async function nativeReport(): Promise<NativeReport> {
  return { libtorch: null, cpu: null, devices: [], precisions: [], advice: [REASON] };
}

export async function registerNativeBackend(): Promise<NativeInfo> {
  throw new BackendError('BACKEND_UNAVAILABLE', REASON);
}

export async function buildAddon(): Promise<string> {
  throw new BackendError('BACKEND_UNAVAILABLE', REASON);
}

export function nativeBackend(): undefined {
  return undefined;
}

export async function joinProcessGroup(): Promise<ProcessGroup> {
  throw new BackendError('BACKEND_UNAVAILABLE', REASON);
}
