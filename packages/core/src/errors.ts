import { type ErrorCode, faults } from './error-codes';
import { printable } from './printable';

/** Shared by every copy of this package, so that errors are known across copies. */
const BRAND = Symbol.for('simvlm.error');

/**
 * Every error that SimVLM throws on purpose. `message` is one line: what was given, what is allowed and
 * what to do next; control characters of what it names are escaped. `code` is for programs.
 */
export class SimVlmError extends Error {
  readonly code: ErrorCode;
  /** The file that it is about, where that is one of many: `SkipLog` counts a file once. */
  readonly file: string | undefined;
  /** @internal */
  readonly [BRAND] = true;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown; file?: string }) {
    super(printable(message.replace(/\s*\n\s*/g, ' ')), options);
    this.code = code;
    this.file = options?.file;
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
/** A model hub that has no such repository, gives no access to it, cannot be reached, or sends what it should not. */
export class HubError extends SimVlmError {}
/** A file or folder for results that cannot be written. */
export class OutputError extends SimVlmError {}
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

/**
 * `true` for an error in what was asked for (an option, a configuration, a name), as opposed to one that came up while doing it.
 * The command line ends with exit code 2 for these, and with 1 for the others.
 */
export function isRequestError(error: unknown): error is SimVlmError {
  return isSimVlmError(error) && Object.hasOwn(faults, error.code) && faults[error.code] === 'request';
}
