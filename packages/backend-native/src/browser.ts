/** What bundlers for browsers get in place of this package: the same functions, which say that it runs in Node only. */
import { BackendError } from '@simvlm/core';
import type { NativeStatus } from './addon/index';
import type { NativeInfo } from './register';

export type { NativeStatus } from './addon/index';
export type { NativeInfo, NativeOptions } from './register';

const REASON = 'libtorch runs in Node, not in browsers';

export function nativeStatus(): NativeStatus {
  return { found: false, built: false, reason: REASON, file: null, cuda: false };
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
