export { type BeforeTraining, reportBeforeTraining, warmupWarning } from './before-training';
export { checkParts } from './check-parts';
export {
  type Captioner,
  checkpointRunConfig,
  contentsForUse,
  openCaptioner,
  withPluginAdvice,
} from './checkpoint';
export type { RunData } from './data';
export { imageSizeOf } from './model';
export { pluginAdvice, pluginArguments } from './plugin-advice';
export { ownParts } from './registry';
export { type ProgressBar, type Reporter, silent } from './reporter';
export { applyOverrides, demoConfig, type RunConfig, resolveRunConfig } from './run-config';
export { withShuffledImages } from './shuffled-images';
export { countOf, skippedLines, warnOfSkipped } from './skipped';
export type { Trained, TrainingOptions } from './training';
export { runTraining } from './training';
export { learnVocabulary } from './vocabulary';
