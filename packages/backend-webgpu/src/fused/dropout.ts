/**
 * Dropout by a counter: Philox-4x32-10 (Salmon et al., 2011). `N` numbers of a row, `C` counters of a row: a thread has one, and with
 * it eight draws of 16 bits.
 */
import { type DropoutAttrs, dropoutScale, fusedKernel } from '@simvlm/ops';
import { folded, type Program } from '../program';
import { kernel, type Of, sizeOf, type WebGpuKernel } from './kernel';

const THREADS = 64;
const DRAWS = 8;

const program: Program = {
  key: 'dropout',
  reads: { x: 'f32', seeds: 'i32' },
  writes: { y: 'f32' },
  uniforms: ['N', 'C', 'size', 'site', 'threshold', 'scaleF'],
  workgroup: [THREADS, 1, 1],
  code: () => `
// The high half of a product: WGSL has no more than 32 bits.
fn high(a: u32, b: u32) -> u32 {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let middle = a1 * b0 + ((a0 * b0) >> 16u);
  let other = a0 * b1 + (middle & 0xffffu);
  return a1 * b1 + (middle >> 16u) + (other >> 16u);
}
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  let item = index * ${THREADS} + lane;
  if (item >= u.size) { return; }
  let row = item / u.C;
  let counter = item % u.C;
  var key = vec2<u32>(u32(seeds[2 * row]), u32(seeds[2 * row + 1]));
  var c = vec4<u32>(counter, u.site, 0u, 0u);
  for (var round = 0; round < 10; round++) {
    c = vec4<u32>(
      high(0xcd9e8d57u, c.z) ^ c.y ^ key.x,
      0xcd9e8d57u * c.z,
      high(0xd2511f53u, c.x) ^ c.w ^ key.y,
      0xd2511f53u * c.x,
    );
    key += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  for (var i = 0u; i < ${DRAWS}; i++) {
    let place = counter * ${DRAWS} + i;
    if (place >= u.N) { return; }
    let draw = (c[i / 2u] >> (16u * (i % 2u))) & 0xffffu;
    let at = row * u.N + place;
    if (draw >= u.threshold) { y[at] = x[at] * u.scaleF; } else { y[at] = 0.0; }
  }
}`,
};

export const dropout: WebGpuKernel = kernel<Of<'x' | 'seeds'>, DropoutAttrs>(
  fusedKernel.dropout,
  (b, { x, seeds }, { threshold, site }) => {
    const y = b.make(x.shape, 'float32');
    const B = x.shape[0]!;
    const N = sizeOf(x.shape) / B;
    const C = Math.ceil(N / DRAWS);
    b.launch({
      ...{ program, inputs: [x, seeds], outputs: [y] },
      uniforms: { N, C, size: B * C, site, threshold, scaleF: dropoutScale(threshold) },
      groups: folded(Math.ceil((B * C) / THREADS), b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    return [y];
  },
);
