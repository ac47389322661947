/**
 * The write to a key-value cache: a thread a number, one launch. `B` rows, `Tn` new tokens, `Tmax` capacity, `W` = H·d numbers of a token.
 *
 *     row b    │ 0 │ 1 │ 2 │ 3 │ 4 │ 5 │ … Tmax − 1        a new tensor: each of its places asks which token, if any, comes to it
 *                        ▲   ▲                             in place: each new token asks whether it has a place
 *                        t0  t1     positions[b] = 2
 *
 * Positions stay on the device; tokens whose places are outside of the cache go nowhere.
 */
import { type CacheWriteAttrs, fusedKernel } from '@simvlm/ops';
import { type Element, folded, type Program } from '../program';
import { kernel, type Of, sizeOf, type WebGpuKernel } from './kernel';

const THREADS = 64;

/** Four numbers at once where a token has a multiple of four. */
function program(element: Element, inPlace: boolean): Program {
  return {
    key: `cache write${inPlace ? ' in place' : ''}: ${element}`,
    reads: { ...(!inPlace && { cache: element }), update: element, positions: 'i32' },
    writes: { written: element },
    uniforms: ['size', 'Tn', 'Tmax', 'W'],
    workgroup: [THREADS, 1, 1],
    code: () => `
fn main(group: vec3<u32>, groupIndex: u32, local: vec3<u32>) {
  let n = groupIndex * ${THREADS} + lane;
  if (n >= u.size) { return; }
  let w = n % u.W;
  ${inPlace ? scatter : gather}
}`,
  };
}

/** `n` is a number of the result. */
const gather = `
  let place = n / u.W % u.Tmax;
  let b = n / u.W / u.Tmax;
  let t = i32(place) - positions[b];
  if (t >= 0 && t < i32(u.Tn)) {
    written[n] = update[(b * u.Tn + u32(t)) * u.W + w];
  } else {
    written[n] = cache[n];
  }`;

/** `n` is a number of the new tokens. */
const scatter = `
  let b = n / u.W / u.Tn;
  let place = i32(n / u.W % u.Tn) + positions[b];
  if (place >= 0 && place < i32(u.Tmax)) { written[(b * u.Tmax + u32(place)) * u.W + w] = update[n]; }`;

export const cacheWrite: WebGpuKernel = kernel<Of<'cache' | 'update' | 'positions'>, CacheWriteAttrs>(
  fusedKernel.cacheWrite,
  (b, { cache, update, positions }, { owned }) => {
    const [, Tmax, ...token] = cache.shape as [number, number, ...number[]];
    const isWide = sizeOf(token) % 4 === 0;
    // Whoever else holds the data would see it change.
    const isOwn = owned && b.refCount(cache.dataId) === 1 && cache.dataId !== update.dataId;
    const result = isOwn ? b.share(cache) : b.make(cache.shape, 'float32');
    const size = sizeOf(isOwn ? update.shape : cache.shape) / (isWide ? 4 : 1);
    b.launch({
      program: program(isWide ? 'vec4<f32>' : 'f32', isOwn),
      inputs: [...(isOwn ? [] : [cache]), update, positions],
      outputs: [result],
      uniforms: { size, Tn: update.shape[1]!, Tmax, W: sizeOf(token) / (isWide ? 4 : 1) },
      groups: folded(Math.ceil(size / THREADS), b.device.limits.maxComputeWorkgroupsPerDimension),
    });
    return [result];
  },
);
