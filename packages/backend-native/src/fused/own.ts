import { type Handle, scalarType } from '../addon/interface';
import type { NativeBackend } from '../kernels/kernel';

/** Whether the addon's own operators, `simvlm::…`, compute with these: they are for the CPU and float32. */
export function isOwn(b: NativeBackend, ...handles: readonly Handle[]): boolean {
  return (
    b.device < 0 && (!b.reduced || handles.every(handle => b.addon.dtype(handle) === scalarType.float32))
  );
}
