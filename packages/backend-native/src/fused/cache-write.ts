/**
 * The write to a key-value cache. `B` rows, `n` new tokens, `T` capacity, `H` heads, `d` head width. Positions stay on the device.
 */
import { type CacheWriteAttrs as Attrs, fusedKernel } from '@simvlm/ops';
import type { Handle } from '../addon/interface';
import {
  kernel,
  type NativeBackend,
  type NativeKernel,
  type Of,
  sizeOf,
  type T,
  toLong,
} from '../kernels/kernel';
import { isRecording } from '../recording';

/** An attribute beyond the contract: as `owned`, but the cache's memory must become that of the result. */
export interface CacheWriteAttrs extends Attrs {
  readonly inPlace?: boolean;
}

/**
 * Token t of row b goes to place positions[b] + t; places outside of the cache are not written. The copy has one row of
 * `H·d` numbers more than the cache, at its end, where such tokens go; the result is a view of all rows before it.
 *
 * In place there is no row to spare: a token that is outside takes the numbers of the place that it is clamped to.
 */
export const cacheWrite: NativeKernel = kernel<Of<'cache' | 'update' | 'positions'>, CacheWriteAttrs>(
  fusedKernel.cacheWrite,
  (b, { cache, update, positions }, { owned, inPlace = isRecording(b) }) => {
    if (b.device < 0) return [writeOnCpu(b, { cache, update, positions }, inPlace || owned)];
    const [B, capacity] = cache.shape as [number, number];
    const n = update.shape[1]!;
    const width = sizeOf(cache.shape.slice(2));
    const places_Bn = b.op(
      'add.Tensor',
      b.op('reshape', toLong(b, b.input(positions)), [B, 1]),
      b.op('arange', n, 4, null, b.device),
    );
    if (inPlace) return [writeInPlace(b, cache, update, places_Bn)];
    const rows = b.op('arange.start_step', 0, B * capacity, Math.max(capacity, 1), 4, null, b.device);
    const at_Bn = b.op('add.Tensor', b.op('view', rows, [B, 1]), places_Bn);
    const outside = b.op(
      'logical_or',
      b.op('lt.Scalar', places_Bn, 0),
      b.op('ge.Scalar', places_Bn, capacity),
    );
    b.op('masked_fill_.Scalar', at_Bn, outside, B * capacity);
    const all = b.op('empty.memory_format', [B * capacity + 1, width], 6, null, b.device);
    const kept = b.op('view', b.op('slice.Tensor', all, 0, 0, B * capacity, 1), cache.shape);
    b.op('copy_', kept, b.input(cache));
    b.op(
      'index_copy_',
      all,
      0,
      b.op('view', at_Bn, [B * n]),
      b.op('reshape', b.input(update), [B * n, width]),
    );
    return [b.output(kept, cache.shape, 'float32')];
  },
);

/** An operator of the addon (`addon/decode_attention.cc`), which reads the positions as it runs. */
function writeOnCpu(
  b: NativeBackend,
  { cache, update, positions }: Of<'cache' | 'update' | 'positions'>,
  inPlace: boolean,
): T {
  const target = inPlace ? b.input(cache) : b.op('clone', b.input(cache), 0);
  b.op('simvlm::cache_write_', target, b.input(update), b.input(positions));
  if (!inPlace) return b.output(target, cache.shape, 'float32');
  b.overwritten(cache);
  return b.share(cache);
}

/** Writes one token a row after the other, so that clamped places do not meet. */
function writeInPlace(b: NativeBackend, cache: T, update: T, places_Bn: Handle): T {
  const [B, capacity, H, d] = cache.shape as [number, number, number, number];
  const target = b.input(cache);
  const values = b.input(update);
  for (let t = 0; t < update.shape[1]!; t++) {
    const place_B1 = b.op('slice.Tensor', places_Bn, 1, t, t + 1, 1);
    const clamped_B1 = b.op('clamp', place_B1, 0, capacity - 1);
    const outside = b.op('view', b.op('ne.Tensor', place_B1, clamped_B1), [B, 1, 1, 1]);
    const index = b.op('expand', b.op('view', clamped_B1, [B, 1, 1, 1]), [B, 1, H, d]);
    const token = b.op('slice.Tensor', values, 1, t, t + 1, 1);
    const written = b.op('where.self', outside, b.op('gather', target, 1, index), token);
    b.op('scatter_.src', target, 1, index, written);
  }
  b.overwritten(cache);
  return b.share(cache);
}
