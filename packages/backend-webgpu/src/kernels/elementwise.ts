import { type SimVlmWebGpuBackend, sizeOf, type T } from '../fused/kernel';
import { folded, type Program, type Uniforms } from '../program';

export const THREADS = 256;

/** WGSL of a program of one thread for each number that is written: `i` is its place, and `u.size` how many there are. */
export function each(body: string): string {
  return `
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  let i = index * ${THREADS} + lane;
  if (i >= u.size) { return; }
  ${body}
}`;
}

/** Launches such a program, one thread for each number of `output`. */
export function launchEach(
  b: SimVlmWebGpuBackend,
  program: Program,
  inputs: readonly T[],
  output: T,
  uniforms: Uniforms = {},
): T {
  const size = sizeOf(output.shape);
  b.launch({
    ...{ program, inputs, outputs: [output] },
    uniforms: { size, ...uniforms },
    groups: folded(Math.ceil(size / THREADS), b.device.limits.maxComputeWorkgroupsPerDimension),
  });
  return output;
}
