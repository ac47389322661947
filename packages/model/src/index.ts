export { checkModelConfig, type SimVlmConfig } from './config';
export type { Generated, GenerateRequest } from './generate/generate';
export { type Choice, createSampler, type Sampler, type SamplerOptions } from './generate/sampler';
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
export { type Preset, presets } from './presets';
export { type CreateOptions, defaultRegistry, type LossOptions, modelParameters, SimVlm } from './simvlm';
export { readSafetensors, type SafeTensor, type SafeTensors, writeSafetensors } from './weights/safetensors';
