export { type Cell, type Grid, gridOf, resolveGridConfig } from './ablation/grid';
export { type CellResult, type RunResult, shownCells } from './ablation/results';
export { type GridConfig, type GridEvaluation, type GridMetric, gridJsonSchema } from './ablation/schema';
export { type CellSummary, type MetricSummary, summaryOf, unknownMetrics } from './ablation/summary';
export { gridTable } from './ablation/table';
export { atKey } from './at-key';
export { type BeforeTraining, reportBeforeTraining, warmupWarning } from './before-training';
export {
  type Caption,
  Captioner,
  type CaptionOptions,
  type OpenCaptionerOptions,
  openCaptioner,
  type TextScore,
} from './captioner';
export { checkParts } from './check-parts';
export { checkpointRunConfig, contentsForUse, ownRunConfig } from './checkpoint';
export { checkSource } from './config/check-source';
export { demoConfig } from './config/demo';
export { runJsonSchema } from './config/json-schema';
export { applyOverrides } from './config/overrides';
export { resolveRunConfig } from './config/resolve';
export type { RunConfig, RunConfigInput } from './config/schema';
export type { Named, PlacedSource, SourceConfig } from './config/sources';
export { type RunData, type RunSource, recordsIn } from './data';
export { type CalibrateOptions, calibrate } from './doubt/calibrate';
export { checkpointDoubt, doubtFile } from './doubt/file';
export { type Doubt, type DoubtScale, doubtOf, featureRows } from './doubt/scale';
export {
  type EvaluateOptions,
  evaluateCheckpoints,
  type NamedCheckpoint,
} from './evaluate/evaluate-checkpoints';
export {
  datasetSet,
  type EvaluationSet,
  type OpenSetOptions,
  openSet,
  type SetUse,
} from './evaluate/evaluation-set';
export type { EvaluationRecord, EvaluationReport, SummaryMetric, SummaryRow } from './evaluate/report';
export { checkpointTask } from './imported-run';
export { type LoadModelOptions, type LoadProgress, loadModel } from './load-model';
export { type OpenedCheckpoint, openForUse } from './open-checkpoint';
export { type OpenRunOptions, openRun, type Run, type RunTrainOptions } from './open-run';
export type { PictureInput } from './pictures';
export { pluginAdvice, pluginArguments } from './plugin-advice';
export { ownParts } from './registry';
export { type ProgressBar, type Reporter, silent } from './reporter';
export { withShuffledImages } from './shuffled-images';
export { countOf, skippedLines, warnOfSkipped } from './skipped';
export { modelSquare } from './square';
export { type OpenedTask, openTask } from './task';
export type { Started, Trained, TrainingOptions } from './training';
export { runTraining } from './training';
export { type Trial, trialStep } from './trial';
export { learnVocabulary } from './vocabulary';
export { type WeightForm, weightsAs } from './weight-form';
