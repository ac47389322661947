export type { ActivateOptions, Availability, BackendProvider, Precision, ProcessPlace } from './backend';
export { breathe } from './breathe';
export type {
  AllReduceOptions,
  BatchSource,
  BlockPass,
  BranchDrop,
  EvaluationResult,
  Example,
  ExampleDataset,
  ExampleOutline,
  Initializer,
  JsonValue,
  LowRank,
  MatrixLayout,
  Objective,
  ObjectiveFactory,
  ParameterDtype,
  ParameterScope,
  Patcher,
  PatcherFactory,
  PrefixedText,
  PrefixLmBatch,
  PrefixSampler,
  ProcessGroup,
  Quantization,
  QuantizedMatrix,
  RgbImage,
  Share,
  SkipReport,
  SpecialTokens,
  TensorLike,
  Tokenizer,
} from './contracts';
export type { ErrorCode } from './error-codes';
export {
  BackendError,
  CheckpointError,
  ConfigError,
  DataError,
  HubError,
  ImageError,
  isRequestError,
  isSimVlmError,
  OutputError,
  PluginError,
  ShapeError,
  SimVlmError,
  TokenizerError,
  TrainingError,
} from './errors';
export { hashIntegers, hashText } from './fingerprint';
export { joinedBytes } from './joined-bytes';
export { parseJson, parseJsonObject } from './json';
export type {
  CallbackContext,
  CallbackFactory,
  FedTensors,
  FeedOptions,
  Feeds,
  HostArray,
  Learner,
  Metric,
  StepMetrics,
  TrainCallback,
} from './learner';
export { type NamePattern, namePattern } from './name-pattern';
export { didYouMean } from './nearest';
export { checkOptions, OptionError, type OptionRule, rule } from './options';
export { declaredParameters, initialValues, parameterScope } from './parameter-scope';
export { type ParameterSpec, ParameterTree, parameterCount } from './parameter-tree';
export { philox4x32 } from './philox';
export { type Plugin, type PluginKinds, Registry } from './plugin';
export { printable } from './printable';
export { Random, type RandomState } from './random';
export { runName } from './run-name';
export type {
  Draw,
  OrderOptions,
  Reader,
  Sample,
  SampleImage,
  SampleOrder,
  SampleSource,
} from './sample';
export { combinedSkips, joinReports, SkipLog, skipReport } from './skip-log';
export type {
  Answer,
  Answerer,
  AnswerOptions,
  Answers,
  DrawnExample,
  EvaluatedItem,
  Evaluation,
  EvaluationSubject,
  Evaluator,
  EvaluatorContext,
  ExampleStream,
  StillExample,
  Task,
  TaskContext,
  TaskFactory,
} from './task';
export {
  decodeLines,
  decodeText,
  isWellFormed,
  LineDecoder,
  type LineOptions,
  MAX_LINE_BYTES,
  type MakeError,
} from './text';
