export {
  type ConvPatcherOptions,
  convPatcher,
  type StageOptions,
  type StemOptions,
} from './conv-patcher';
export { linearPatcher } from './linear-patcher';
export { visionPlugin } from './plugin';
export { type VitOptions, vitPatcher } from './vit-patcher';
