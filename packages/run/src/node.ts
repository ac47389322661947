export {
  type GridPlan,
  type GridPlanOptions,
  gridResults,
  planGrid,
  runGrid,
} from './node/ablation/ablate';
export { type GridRun, type OneRunOptions, runOne } from './node/ablation/one-run';
export { readGrid } from './node/ablation/read-grid';
export { hasFailure, RUN_FILES, writeFailure } from './node/ablation/result-files';
export type { AblateOptions, RunEnd } from './node/ablation/schedule';
export { readCandidates } from './node/candidates';
export { checkMemory } from './node/check-memory';
export { bundledCheckpoint, checkpointAt, chosenCheckpoint, openInit } from './node/chosen-checkpoint';
export { loadRunData, nodePlaces, prepareEmoji } from './node/data';
export { coreSplits, emojiSets, emojiSplits } from './node/emoji-sets';
export { evaluateSplits, type SplitResult } from './node/emoji-splits';
export { type FinetuneOptions, finetuneConfig } from './node/finetune';
export { hubReports } from './node/hub-reports';
export { openRun } from './node/open-run';
export { placedSet } from './node/placed-set';
export { runRegistry } from './node/plugins';
export { readRunConfig } from './node/read-config';
export { readTokenizer } from './node/read-tokenizer';
export { type CheckOptions, checkRecipe, type RecipeCheck } from './node/recipe/check';
export { type Recipe, readRecipe, recipeNames } from './node/recipe/shipped';
export { resumeTogether } from './node/resume-together';
export {
  followedCheckpoint,
  holdsRun,
  type NewOrResumed,
  newRunFolder,
  openResume,
  type RunFolder,
  resumedRunFolder,
  runPath,
} from './node/run-folder';
export { readMetrics, readRun } from './node/run-record';
export { type FolderTrainingOptions, trainInFolder } from './node/train-in-folder';
