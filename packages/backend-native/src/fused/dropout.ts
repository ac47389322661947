/**
 * Dropout by a counter: Philox-4x32-10 (Salmon et al., 2011) of ATen's operators on int64. `B` rows, `N` numbers of each, `C` counters of
 * eight draws each. What a product of 32 bits loses above bit 63 comes back in the mask after the shift.
 */
import { type DropoutAttrs, dropoutScale, fusedKernel } from '@simvlm/ops';
import type { Handle } from '../addon/interface';
import {
  indices,
  kernel,
  type NativeBackend,
  type NativeKernel,
  type Of,
  sizeOf,
  toLong,
} from '../kernels/kernel';
import { zeroWhereNotPositive } from './masked';

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;
const ROUNDS = 10;
const MASK = 0xffffffff;
const DRAWS = 8;

export const dropout: NativeKernel = kernel<Of<'x' | 'seeds'>, DropoutAttrs>(
  fusedKernel.dropout,
  (b, { x, seeds }, { threshold, site }) => {
    const B = x.shape[0]!;
    const N = sizeOf(x.shape) / B;
    const C = Math.ceil(N / DRAWS);
    const words = philox(b, b.op('view', indices(b, C), [1, C]), keysOf(b, b.input(seeds), B), site);
    // The halves of a word, without taking them apart: of the high one the low bits do not decide.
    const kept = words.flatMap(word => [
      b.op('ge.Scalar', b.op('bitwise_and.Scalar', word, 0xffff), threshold),
      b.op('ge.Scalar', word, threshold * 2 ** 16),
    ]);
    const all_BN = b.op('slice.Tensor', b.op('view', b.op('stack', kept, 2), [B, C * DRAWS]), 1, 0, N, 1);
    const y = b.op('mul.Scalar', b.op('reshape', b.input(x), [B, N]), dropoutScale(threshold));
    zeroWhereNotPositive(b, y, b.op('to.dtype', all_BN, 6), y);
    return [b.output(b.op('view', y, x.shape), x.shape, 'float32')];
  },
);

/** The seeds int32 `[B, 2]` as the two words of the keys, `[B, 1]` each. */
function keysOf(b: NativeBackend, seeds: Handle, B: number): [Handle, Handle] {
  const words = b.op('bitwise_and.Scalar', toLong(b, seeds), MASK);
  return [0, 1].map(i => b.op('reshape', b.op('select.int', words, 1, i), [B, 1])) as [Handle, Handle];
}

/**
 * The four words of the counters (counter, site, 0, 0) under each key: `[B, C]` each.
 *
 * Words are overwritten where they can be, and freed where they cannot: fresh memory for each of a hundred steps would cost more than
 * the steps.
 */
function philox(b: NativeBackend, counter_1C: Handle, keys_B1: [Handle, Handle], site: number): Handle[] {
  const change = (x: Handle, name: string, by: Handle | number): Handle => {
    // The operator gives another handle of what it has overwritten.
    b.free(b.op(name, x, by));
    return x;
  };
  const masked = (x: Handle): Handle => change(x, 'bitwise_and_.Scalar', MASK);
  const high = (product: Handle): Handle => masked(b.op('__rshift__.Scalar', product, 32));
  const zero = b.op('mul.Scalar', counter_1C, 0);
  let [c0, c1, c2, c3] = [counter_1C, b.op('add.Scalar', zero, site), zero, zero];
  let [k0, k1] = keys_B1;
  for (let round = 0; round < ROUNDS; round++) {
    // The words that begin are the same for all rows: the first round makes [B, C] of them.
    const first = round === 0;
    const times = (word: Handle, factor: number): Handle =>
      first ? b.op('mul.Scalar', word, factor) : change(word, 'mul_.Scalar', factor);
    const mixed = (product: Handle, word: Handle, key: Handle): Handle => {
      const bits = change(high(product), 'bitwise_xor_.Tensor', word);
      return first ? b.op('bitwise_xor.Tensor', bits, key) : change(bits, 'bitwise_xor_.Tensor', key);
    };
    const [product0, product1] = [times(c0, MULTIPLIERS[0]), times(c2, MULTIPLIERS[1])];
    const [next0, next2] = [mixed(product1, c1, k0), mixed(product0, c3, k1)];
    if (!first) for (const used of [c1, c3]) b.free(used);
    [c0, c1, c2, c3] = [next0, masked(product1), next2, masked(product0)];
    k0 = masked(b.op('add.Scalar', k0, WEYL[0]));
    k1 = masked(b.op('add.Scalar', k1, WEYL[1]));
  }
  return [c0, c1, c2, c3];
}
