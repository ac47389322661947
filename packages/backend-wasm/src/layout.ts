/**
 * The first bytes of the shared memory, as int32 indices. Fields that different threads write stand on cache
 * lines of their own.
 */
export const control = {
  /** epoch (24 bits) | chunks that nobody has claimed yet (8 bits). 0 chunks left: the job is closed. */
  state: 16,
  /** Chunks of the current job that are finished. */
  done: 32,
  /** Workers that sleep on `state`, or are about to. */
  sleepers: 48,
  /** 1 while the caller sleeps on `done`. */
  callerSleeps: 64,
  /** 1 once a kernel trapped in a worker. */
  failed: 80,
  /** 1 tells the workers to leave their loop. */
  stop: 81,
  /** The job: index of the kernel, items, items of a chunk, number of chunks. */
  kernel: 96,
  items: 97,
  chunk: 98,
  chunks: 99,
} as const;

/** Byte address of the slots that hold the arguments of the current job, and how many there are. */
export const ARGS_AT = 512;
export const ARGS_SLOTS = 512;
/** Scratch memory of each thread: byte address of the caller's, bytes of each, and how many there are. */
export const SCRATCH_AT = 4096;
export const SCRATCH_BYTES = 256;
const MAX_THREADS = 64;
/** The heap starts here. */
export const HEAP_AT = SCRATCH_AT + SCRATCH_BYTES * MAX_THREADS;
/** A job is cut into at most this many chunks (the field in `state` has 8 bits). */
export const MAX_CHUNKS = 32;
