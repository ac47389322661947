import { setScratch } from './lib/thread';

/** Called once by each thread, before any job: `at` is its scratch memory. */
export function initThread(args: usize, begin: i32, end: i32): void {
  setScratch(args);
}
