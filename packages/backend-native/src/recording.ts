import type { NativeBackend } from './backend';

const recording = new WeakSet<NativeBackend>();

/**
 * Whether a step that will be replayed runs now. What outlives it (parameters, moments, caches) must then stay where it is in memory:
 * kernels whose callers replace a tensor by their result write in place instead.
 */
export function isRecording(backend: NativeBackend): boolean {
  return recording.has(backend);
}

/** Runs `run` as part of a step that will be replayed. */
export function whileRecording<R>(backend: NativeBackend, run: () => R): R {
  if (recording.has(backend)) return run();
  recording.add(backend);
  try {
    return run();
  } finally {
    recording.delete(backend);
  }
}
