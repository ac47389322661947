/**
 * The one mask rule of SimVLM as numbers on the device: query i sees key j when j < keyLength and (j < prefixLength or
 * j ≤ i + offset), that is j < limit with
 *
 *     limit = min(keyLength, max(prefixLength, i + offset + 1)).
 *
 * `B` rows, `Q` queries, `K` keys. Lengths are never read on the host.
 */
import { type Handle, scalarType } from '../addon/interface';
import type { NativeBackend, T } from '../kernels/kernel';

/** Beyond every score, and far from the largest float32. */
const FAR = 1e30;

export interface Lengths {
  readonly keyLengths: T;
  readonly prefixLengths: T;
  readonly offset: number;
}

export interface Visibility {
  /**
   * float32 `[B, 1, Q, K]`: at least 10³⁰ where the query sees the key, at most −10³⁰ where not. The minimum of it and the scores
   * hides a key whatever its score is, in one vectorised pass.
   */
  readonly cap: Handle;
  /** float32 `[B, 1, 1, 1]`: positive where the row has keys. Without any its queries see nothing; else key 0 at least. */
  readonly alive: Handle;
}

export function visibility(b: NativeBackend, lengths: Lengths, queries: number, keys: number): Visibility {
  const { keyLengths, prefixLengths, offset } = lengths;
  const perRow = (x: T): Handle =>
    b.op('view', b.op('to.dtype', b.op('contiguous', b.input(x)), scalarType.float32), [
      x.shape[0]!,
      1,
      1,
      1,
    ]);
  const alive = perRow(keyLengths);
  const range = (from: number, to: number): Handle =>
    b.op('arange.start', from, to, scalarType.float32, null, b.device);
  const position_Q1 = b.op('view', range(offset + 1, offset + 1 + queries), [queries, 1]);
  const limit = b.op('maximum', perRow(prefixLengths), position_Q1);
  b.op('minimum.out', limit, alive, limit);
  // (limit − ½ − j) · 2 · 10³⁰ has the sign of "sees".
  b.op('sub_.Scalar', limit, 0.5);
  b.op('mul_.Scalar', limit, 2 * FAR);
  return { cap: b.op('sub.Tensor', limit, range(0, keys), 2 * FAR), alive };
}
