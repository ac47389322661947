export {
  type BlockForm,
  type BlockOptions,
  type CrossBlock,
  crossBlock,
  type Drop,
  keepAll,
  type Norm,
  norm,
  type SelfBlock,
  selfBlock,
} from './blocks';
export { cacheReorder } from './cache-reorder/op';
export { cacheWrite } from './cache-write/op';
export { KvCache } from './kv-cache';
export { type MaskRow, maskPicture, visible } from './mask';
export {
  type AttentionMask,
  type AttentionOptions,
  type CachePlace,
  createAttention,
  type KeysValues,
  type MultiHeadAttention,
} from './multi-head-attention';
export type { PrefixAttentionInputs, RelativeBias } from './prefix-attention/inputs';
export { prefixAttention } from './prefix-attention/op';
export { watchAttention } from './prefix-attention/watch';
export { attentionWeights } from './prefix-attention/weights';
