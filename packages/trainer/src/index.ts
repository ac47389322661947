export { CapturedGradients, type CapturedOutputs, CapturedTraining } from './captured';
export { checkpointTrainerState, packCheckpoint, restoreCheckpoint, type TrainerState } from './checkpoint';
export {
  ESTIMATE_STEPS,
  type ParameterGroup,
  type ResolvedTrainConfig,
  resolveTrainConfig,
  type TrainConfig,
} from './config';
export {
  type GradientOptions,
  gradientsOf,
  type LossAndGradients,
  lossAndGradients,
  type StreamedGradients,
  streamGradients,
} from './gradients';
export type { MicroBatches, TrainLearner } from './learner';
export { AdamW, type AdamWOptions, type StepReport } from './optimizer';
export type { TrainOptions, TrainResult } from './options';
export { type ParameterRate, parameterRates } from './parameter-rates';
export type { Share } from './rows';
export { learningRate } from './schedule';
export type { SmoothedLoss } from './smoothed-loss';
export { train } from './train';
export { trainable } from './trainable';
export { WeightAverage } from './weight-average';
