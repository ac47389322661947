import { readFileSync, writeFileSync } from 'node:fs';

/**
 * The most memory that this process has had in RAM, in bytes, since its start or since `resetPeak`. Linux counts it by process; what Node
 * asks the system for may be that of the process that started this one.
 */
export function peakResident(): number {
  if (process.platform !== 'linux') return 1024 * process.resourceUsage().maxRSS;
  const [, kibibytes] = readFileSync('/proc/self/status', 'utf8').match(/^VmHWM:\s+(\d+) kB$/m)!;
  return 1024 * Number(kibibytes);
}

/**
 * From here on the peak is counted anew, from what is in RAM now; garbage is collected first where Node was started with `--expose-gc`.
 *
 * @throws Error where the system cannot do that: Linux can
 */
export function resetPeak(): void {
  globalThis.gc?.();
  // See proc(5), clear_refs.
  writeFileSync('/proc/self/clear_refs', '5');
}
