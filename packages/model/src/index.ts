export { checkModelConfig, type SimVlmConfig } from './config';
export type { Continuation, Generated, GenerateRequest } from './generate/request';
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
export { convStage, type Preset, presets, type ResNet } from './presets';
export { type CreateOptions, defaultRegistry, type LossOptions, modelParameters, SimVlm } from './simvlm';
export { resizeWeights } from './weights/resize';
export { readSafetensors, type SafeTensor, type SafeTensors, writeSafetensors } from './weights/safetensors';
