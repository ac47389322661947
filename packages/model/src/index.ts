export type { AttentionMaps } from './attention-maps';
export { checkModelConfig, type SimVlmConfig } from './config';
export { readAdapters, writeAdapters } from './finetune/adapter-file';
export { ClassifierHead, type ClassifierOptions, type ClassifierPlace } from './finetune/classifier';
export type { DropRates, Drops } from './finetune/drop';
export { adaptersOf, type LoraConfig, mergeAdapters, mergedTensors, unmergeAdapters } from './finetune/lora';
export type { Continuation, GenerateRequest } from './generate/request';
export { type Choice, createSampler, type Sampler } from './generate/sampler';
export type {
  BeamOptions,
  SamplerOptions,
  TokenSamplerOptions,
  TopKOptions,
  TopPOptions,
} from './generate/sampler-options';
export { type HostArray, type ModelInput, upload } from './input';
export { type Layout, layout, type Padding } from './layout';
export {
  buildNetwork,
  type DecoderInput,
  type EncoderInput,
  type Memory,
  type ModelCore,
  type Network,
  type StackInput,
  type StepInput,
} from './network';
export {
  checkpointModelConfig,
  checkTokenizer,
  checkWeights,
  type OpenOptions,
  openSimVlm,
  openWeights,
} from './open';
export { convStage, type Preset, presets, type ResNet } from './presets';
export {
  type CreateOptions,
  defaultRegistry,
  drops,
  type LossOptions,
  modelParameters,
  SimVlm,
  type TrainingOptions,
} from './simvlm';
export { parameterSources } from './weights/assign';
export { growWeights } from './weights/grow';
export { resizeWeights } from './weights/resize';
