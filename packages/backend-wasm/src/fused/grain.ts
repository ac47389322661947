/** Work that is worth waking a thread for, in nanoseconds of one core. */
const WORTH = 10_000;

/** How many items of about `nanoseconds` each make a share of work that is worth a thread. */
export function grainOf(nanoseconds: number): number {
  return Math.max(1, Math.ceil(WORTH / Math.max(nanoseconds, 1)));
}

/** `count` things in at most `most` runs of equal length, each worth a thread: depends on the problem only. */
export function runsOf(count: number, nanoseconds: number, most = 32): { perRun: number; runs: number } {
  const perRun = Math.max(1, Math.ceil(count / most), Math.min(count, grainOf(nanoseconds)));
  return { perRun, runs: Math.ceil(count / perRun) };
}

/** The product of the extents. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
