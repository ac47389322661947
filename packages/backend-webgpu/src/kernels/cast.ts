/**
 * float32 to int32 as JavaScript does it: towards 0, modulo 2³², and 0 for what is no number; WGSL cuts at the ends of int32. And whole
 * numbers to float32, which tfjs only calls so: its kernels then look up what the memory holds, but ours read what a tensor says it is.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { kernel, type Of, type WebGpuKernel } from '../fused/kernel';
import type { Program } from '../program';
import { each, launchEach, THREADS } from './elementwise';
import { runOriginal } from './original';

/** WGSL of `toInt(x)`. */
export const TO_INT = `
fn toInt(x: f32) -> i32 {
  let bits = bitcast<u32>(x);
  // x = ± whole · 2^power
  let power = i32((bits >> 23) & 0xff) - 150;
  let whole = (bits & 0x7fffffu) | 0x800000u;
  if (power >= 32 || power <= -24) { return 0; }
  let size = bitcast<i32>(select(whole << u32(max(power, 0)), whole >> u32(max(-power, 0)), power < 0));
  return select(size, -size, bits >> 31 == 1);
}`;

const toInt: Program = {
  key: 'float32 to int32',
  reads: { xs: 'f32' },
  writes: { ys: 'i32' },
  uniforms: ['size'],
  workgroup: [THREADS, 1, 1],
  code: () => `${TO_INT}${each('ys[i] = toInt(xs[i]);')}`,
};

const toFloat: Program = {
  key: 'int32 to float32',
  reads: { xs: 'i32' },
  writes: { ys: 'f32' },
  uniforms: ['size'],
  workgroup: [THREADS, 1, 1],
  code: () => each('ys[i] = f32(xs[i]);'),
};

export const cast: WebGpuKernel = kernel<Of<'x'>, { dtype: tf.DataType }>('Cast', (b, { x }, { dtype }) => {
  if (x.dtype === 'float32' && dtype === 'int32') return launchEach(b, toInt, [x], b.make(x.shape, dtype));
  // A bool is an i32 on the device.
  if ((x.dtype === 'int32' || x.dtype === 'bool') && dtype === 'float32')
    return launchEach(b, toFloat, [x], b.make(x.shape, dtype));
  return runOriginal('Cast', b, { x }, { dtype });
});
