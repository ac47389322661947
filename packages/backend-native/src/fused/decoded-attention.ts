/** Attention of the newest tokens to a key-value cache on the CPU: an operator of the addon (`addon/decode_attention.cc`). */
import type { PrefixAttentionAttrs } from '@simvlm/ops';
import type { NativeBackend, T } from '../kernels/kernel';
import type { AttentionInputs } from './attention-inputs';

/** Queries of a row up to which it is worth more to skip keys that do not exist than to multiply matrices. */
const FEW_QUERIES = 2;

/** Whether the operator computes this. */
export function isDecoded(b: NativeBackend, { q, bias }: AttentionInputs): boolean {
  return b.decodedRows > 0 && bias === undefined && q.shape[1]! <= FEW_QUERIES;
}

export function decodedAttention(
  b: NativeBackend,
  { q, k, v, keyLengths, prefixLengths }: AttentionInputs,
  { offset, scale }: PrefixAttentionAttrs,
): T[] {
  const [B, Q, H] = q.shape as [number, number, number];
  const inputs = [q, k, v, keyLengths, prefixLengths].map(tensor => b.input(tensor));
  const [y, lse] = b.ops('simvlm::decode_attention', ...inputs, offset, scale);
  return [b.output(y!, q.shape, 'float32'), b.output(lse!, [B, H, Q], 'float32')];
}
