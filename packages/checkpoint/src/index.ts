export {
  type Checkpoint,
  type CheckpointContents,
  type CheckpointFiles,
  type CheckpointStorage,
  checkpointFiles,
  collect,
  fileOf,
  jsonFile,
  jsonOf,
  memoryCheckpoint,
  type SaveOptions,
} from './checkpoint';
export { openHttpCheckpoint } from './http/http-checkpoint';
export { MANIFEST } from './manifest';
export { type MemoryStorage, type MemoryStorageOptions, memoryStorage } from './memory-storage';
export { FILES, TENSORS } from './names';
export {
  checkFits,
  checkShape,
  type ParameterWriter,
  parameterSources,
  restoreParameters,
} from './parameters';
export { hasDiverged, type KeepRules, type MetricValue } from './retention';
export { roundToFloat16 } from './safetensors/half';
export { openSafetensors, tensorAt } from './safetensors/read';
export {
  checkFinite,
  checkFiniteValues,
  finiteTensors,
  readAll,
  type SafeTensor,
  type TensorSet,
  type TensorSource,
  tensorSources,
  type WeightType,
} from './safetensors/types';
export { readSafetensors, type SafeTensors, writeSafetensors } from './safetensors/whole-file';
export { safetensorsContent } from './safetensors/write';
export { bytesOfWords, storedShape } from './stored';
export {
  hasTensors,
  openTensors,
  SHARD_BYTES,
  type TensorFileOptions,
  tensorFileNames,
  tensorFiles,
} from './tensors';
