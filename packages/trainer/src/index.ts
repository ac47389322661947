export { CapturedGradients, type CapturedOutputs, CapturedTraining } from './captured';
export { checkpointTrainerState, packCheckpoint, restoreCheckpoint, type TrainerState } from './checkpoint';
export {
  ESTIMATE_STEPS,
  type ParameterGroup,
  type ResolvedTrainConfig,
  resolveTrainConfig,
  type TrainConfig,
} from './config';
export type { EarlyStopping } from './evaluation/early-stopping';
export type { Evaluate, Evaluators } from './evaluation/evaluations';
export { validationLoss } from './evaluation/validation-loss';
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
export type { EndReason, TrainOptions, TrainResult } from './options';
export { type ParameterRate, parameterRates } from './parameter-rates';
export { learningRate } from './schedule';
export type { SmoothedLoss } from './smoothed-loss';
export type { SpikeRule } from './spikes/spikes';
export { train } from './train';
export { trainable } from './trainable';
export { WeightAverage } from './weight-average';
