export type { AttentionMaps } from './attention-maps';
export { checkModelConfig } from './check-config';
export type { PictureConfig, SimVlmConfig } from './config';
export type { Cost } from './cost/cost';
export { type ModelPart, type PassCost, type PassShape, passCost } from './cost/pass-cost';
export { decodable } from './decodable';
export type { Features } from './features';
export { readAdapters, writeAdapters } from './finetune/adapter-file';
export { type ClassifierDescription, ClassifierHead, type ClassifierOptions } from './finetune/classifier';
export type { ClassifierInput, ClassifierPlace } from './finetune/classifier-input';
export type { ClassifierTarget } from './finetune/classifier-target';
export type { DropRates, Drops } from './finetune/drop';
export { adaptersOf, type LoraConfig, mergeAdapters, mergedTensors, unmergeAdapters } from './finetune/lora';
export { ProbeHead, type ProbeOptions } from './finetune/probe';
export { picturesAtOnce } from './generate/at-once';
export type { Continuation, GenerateRequest } from './generate/request';
export { type Choice, createSampler, type Sampler } from './generate/sampler';
export type {
  BeamOptions,
  EarlyStopping,
  SamplerOptions,
  TokenSamplerOptions,
  TopKOptions,
  TopPOptions,
} from './generate/sampler-options';
export { type ModelInput, upload } from './input';
export { type Layout, layout, type Padding, readsPrefix } from './layout';
export { blocksAbove } from './learners/blocks-above';
export { type ClassifierBatch, classifierLearner } from './learners/classifier';
export type { LearnerOptions } from './learners/options';
export { prefixLmLearner } from './learners/prefix-lm';
export { type ProbeBatch, probeLearner } from './learners/probe';
export { buildNetwork } from './network';
export type {
  DecoderInput,
  EncoderInput,
  Memory,
  ModelCore,
  Network,
  StackInput,
  StepInput,
} from './network/contract';
export {
  checkNoClassifier,
  checkpointModelConfig,
  checkTokenizer,
  checkWeights,
  type OpenOptions,
  openSimVlm,
  openWeights,
} from './open';
export { convStage, type Preset, presets, type ResNet } from './presets';
export type { LikeliestCandidate, Normalisation } from './score/likeliest-candidate';
export type { CandidatePrefixes } from './score/score-candidates';
export {
  type CreateOptions,
  defaultRegistry,
  drops,
  type LossOptions,
  modelParameters,
  SimVlm,
  type TrainingOptions,
} from './simvlm';
export { type PictureSquare, pictureSquare } from './square';
export { growWeights } from './weights/grow';
export type { IntegerWeights } from './weights/integers';
export { integerTensors, numberTensors } from './weights/quantize';
export { resizeWeights } from './weights/resize';
