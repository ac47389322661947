export {
  type ConvPatcherOptions,
  convPatcher,
  type StageOptions,
  type StemOptions,
} from './patchers/conv-patcher';
export { linearPatcher } from './patchers/linear-patcher';
export { visionPlugin } from './patchers/plugin';
