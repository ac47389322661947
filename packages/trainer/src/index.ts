export { CapturedGradients, type CapturedOutputs, CapturedTraining } from './captured';
export {
  checkpointTrainerState,
  packCheckpoint,
  restoreCheckpoint,
  type SmoothedLoss,
  type TrainerState,
} from './checkpoint';
export { ESTIMATE_STEPS, type ResolvedTrainConfig, resolveTrainConfig, type TrainConfig } from './config';
export {
  gradientsOf,
  type LossAndGradients,
  lossAndGradients,
  type StreamedGradients,
  streamGradients,
} from './gradients';
export { layerFactors } from './layer-decay';
export { AdamW, type AdamWOptions, type StepReport } from './optimizer';
export type { Share } from './rows';
export { learningRate } from './schedule';
export { type StepMetrics, type TrainCallback, type TrainOptions, type TrainResult, train } from './train';
export { trainable } from './trainable';
export { WeightAverage } from './weight-average';
