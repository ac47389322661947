export { cacheWrite } from './cache-write/op';
export { KvCache } from './kv-cache';
export { type MaskRow, maskPicture, visible } from './mask';
export {
  type AttentionMask,
  type AttentionOptions,
  createAttention,
  type KeysValues,
  type MultiHeadAttention,
} from './multi-head-attention';
export { type PrefixAttentionInputs, prefixAttention, type RelativeBias } from './prefix-attention/op';
