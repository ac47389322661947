export { describeAttention } from './attention/describe-attention';
export { type MaskPicture, maskPictures } from './attention/mask-pictures';
export { attentionReference } from './attention/reference';
export { expectClose, worst } from './fused/compare';
export { toTensor, toTensors } from './fused/problem';
export {
  type Draw,
  draw,
  filled,
  floats,
  ints,
  type ValueMap,
  type Values,
} from './fused/values';
export { describeKernels } from './kernels/describe-kernels';
export { describeOps } from './ops/describe-ops';
export { describeParity, type Parity } from './parity/describe-parity';
export { type GoldenName, goldenNames } from './parity/golden';
export { describeExactResume } from './training/describe-exact-resume';
export { describeTraining, type TrainingRun } from './training/describe-training';
export { smallScale, type TrainingData, type TrainingScale, trainOn } from './training/scenario';
