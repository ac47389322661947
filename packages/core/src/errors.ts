/** What went wrong, for programs: stable across versions. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'CONFIG_UNKNOWN_KEY'
  | 'SHAPE_MISMATCH'
  | 'DATA_INVALID'
  | 'DATA_NOT_FOUND'
  | 'CAPTION_EMPTY'
  | 'IMAGE_UNREADABLE'
  | 'IMAGE_TOO_LARGE'
  | 'TOKENIZER_INVALID'
  | 'TOKENIZER_TRAINING'
  | 'TOKEN_OUT_OF_RANGE'
  | 'TEXT_TOO_LONG'
  | 'WEIGHTS_INVALID'
  | 'CHECKPOINT_INVALID'
  | 'CHECKPOINT_MISMATCH'
  | 'CHECKPOINT_NOT_FOUND'
  | 'DISK_WRITE'
  | 'STORAGE_FULL'
  | 'STORAGE_ABSENT'
  | 'BACKEND_UNAVAILABLE'
  | 'BACKEND_FAILED'
  | 'OUT_OF_MEMORY'
  | 'PLUGIN_DUPLICATE'
  | 'PLUGIN_UNKNOWN'
  | 'TRAINING_DIVERGED';

/** Shared by every copy of this package, so that errors are known across copies. */
const BRAND = Symbol.for('simvlm.error');

/**
 * Every error that SimVLM throws on purpose. `message` is one line: what was given, what is allowed and
 * what to do next. `code` is for programs.
 */
export class SimVlmError extends Error {
  readonly code: ErrorCode;
  /** @internal */
  readonly [BRAND] = true;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message.replace(/\s*\n\s*/g, ' '), options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** A configuration value that is unknown, of the wrong type or out of range. */
export class ConfigError extends SimVlmError {}
/** Shapes that disagree. */
export class ShapeError extends SimVlmError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('SHAPE_MISMATCH', message, options);
  }
}
/** A data set, caption file or example that cannot be used. */
export class DataError extends SimVlmError {}
/** A picture that cannot be decoded or is larger than allowed. */
export class ImageError extends SimVlmError {}
/** A tokenizer model that cannot be read or trained, or an id outside the vocabulary. */
export class TokenizerError extends SimVlmError {}
/** Weights or a checkpoint that cannot be read, written or used with this model. */
export class CheckpointError extends SimVlmError {}
/** A backend that is missing or that failed. */
export class BackendError extends SimVlmError {}
/** A plug-in name that is taken or unknown. */
export class PluginError extends SimVlmError {}
/** Training that cannot go on: a loss that is not a number. */
export class TrainingError extends SimVlmError {}

/** `true` for an error that SimVLM threw on purpose, also across copies of this package. */
export function isSimVlmError(error: unknown): error is SimVlmError {
  return error instanceof Error && (error as { [BRAND]?: unknown })[BRAND] === true;
}
