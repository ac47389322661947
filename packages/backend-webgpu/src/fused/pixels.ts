/** Bytes of pictures to float32. `W` packed numbers and `N` bytes of a row: a thread has one number, and with it four bytes. */
import { fusedKernel, type ScalePixelsAttrs } from '@simvlm/ops';
import { folded, type Program } from '../program';
import { kernel, type Of, type WebGpuKernel } from './kernel';

const THREADS = 64;
const factors = ['center', 'high', 'low'] as const;
/** Of a factor the number of each channel. */
const channelsOf = (name: string) => [0, 1, 2].map(channel => `${name}${channel}F`);

const program: Program = {
  key: 'scale-pixels',
  reads: { packed: 'i32' },
  writes: { y: 'f32' },
  uniforms: ['N', 'W', 'size', 'none', ...factors.flatMap(channelsOf)],
  workgroup: [THREADS, 1, 1],
  code: () => `
fn main(group: vec3<u32>, index: u32, local: vec3<u32>) {
  let item = index * ${THREADS} + lane;
  if (item >= u.size) { return; }
  let row = item / u.W;
  let word = u32(packed[item]);
${factors.map(name => `  let ${name} = vec3<f32>(${channelsOf(name).map(field => `u.${field}`)});`).join('\n')}
  for (var i = 0u; i < 4; i++) {
    let place = 4 * (item % u.W) + i;
    if (place >= u.N) { return; }
    let channel = place % 3;
    let x = f32((word >> (8 * i)) & 0xffu) - center[channel];
    // Drivers make one factor of two, which rounds twice. They do not know that no bit is added here.
    let first = bitcast<f32>(bitcast<u32>(x * high[channel]) | u.none);
    y[row * u.N + place] = first + x * low[channel];
  }
}`,
};

export const scalePixels: WebGpuKernel = kernel<Of<'packed'>, ScalePixelsAttrs>(
  fusedKernel.scalePixels,
  (b, { packed }, { side, ...values }) => {
    const [B, W] = packed.shape as [number, number];
    const y = b.make([B, side, side, 3], 'float32');
    b.launch({
      ...{ program, inputs: [packed], outputs: [y] },
      uniforms: {
        ...{ N: side * side * 3, W, size: B * W, none: 0 },
        ...Object.fromEntries(
          factors.flatMap(name => channelsOf(name).map((field, channel) => [field, values[name][channel]!])),
        ),
      },
      groups: folded(Math.ceil((B * W) / THREADS), b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    return [y];
  },
);
