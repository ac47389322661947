export {
  ADAMW_IN_PLACE,
  type AdamWInPlaceAttrs,
  type AdamWScalars,
  type AdamWTensors,
  adamwInPlace,
  canAdamwInPlace,
  type KnowsSharing,
  unshare,
} from './adamw/in-place';
export { type AdamWInputs, adamwStep } from './adamw/op';
export {
  type CapturedStep,
  type CaptureOptions,
  type CapturesSteps,
  captureStep,
  checkedInput,
  type NamedTensors,
} from './capture';
export { checkDtype, checkShape } from './check';
export { collecting } from './collecting';
export { crossEntropy } from './cross-entropy/op';
export { type DropoutOptions, dropout } from './dropout/op';
export { embedding } from './embedding/op';
export { type WordTable, wordTable } from './embedding/table';
export { differentiable, type FusedInputs, type FusedKernel, runFused } from './fused';
export { clipScale, globalNorm } from './global-norm/op';
export { gradientsOf } from './gradients-of';
export { type GroupNormOptions, groupNorm } from './group-norm/op';
export { assignNumbers, upload, wordsOf } from './host';
export {
  type Activation,
  type AdamWAttrs,
  type CacheWriteAttrs,
  type CrossEntropyAttrs,
  type DropoutAttrs,
  dropoutScale,
  type EmbeddingGradAttrs,
  type FusedKernelName,
  fusedKernel,
  type GroupNormAttrs,
  type LayerNormAttrs,
  type LinearAttrs,
  type LinearGradAttrs,
  type PrefixAttentionAttrs,
  type QuantizedAttrs,
  type QuantizedLinearAttrs,
  type ScalePixelsAttrs,
} from './kernels';
export { layerNorm } from './layer-norm/op';
export {
  type Around,
  DECODE_LINEAR,
  DECODED_ROWS,
  type DecodeLinearAttrs,
  type DecodesRows,
  decodeLinear,
  decodesInOne,
  type NormParameters,
} from './linear/decode';
export { type LinearMap, type LinearMapOptions, linearMap } from './linear/map';
export { type LinearOptions, linear } from './linear/op';
export { type LimitsMemory, memoryLimit } from './memory-limit';
export { type ScalePixelsOptions, scalePixels } from './pixels/op';
export { packBytes } from './pixels/pack';
export { DECODE_QUANTIZED, type DecodeQuantizedAttrs } from './quantized/decode';
export { dequantize, quantizedEmbedding } from './quantized/dequantize';
export { dequantizeRows, type QuantizedRows, quantizeRows } from './quantized/host';
export { type QuantizedLinearOptions, quantizedLinear } from './quantized/linear';
export { packedWidth } from './quantized/matrix';
export { partReader, type ReadsParts } from './read-part';
export { through } from './through';
export { type GradientReceiver, variableGradients } from './variable-gradients';
export { deviceWriter, partWriter, type WritesParts } from './write-part';
