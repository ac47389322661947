import { expect, test } from 'vitest';
import {
  BackendError,
  CheckpointError,
  ConfigError,
  isRequestError,
  isSimVlmError,
  PluginError,
  ShapeError,
  SimVlmError,
  TokenizerError,
} from './errors';

test('an error is one line, typed and coded', () => {
  const error = new CheckpointError('CHECKPOINT_INVALID', 'weights.safetensors is cut off\n  at byte 12');
  expect(error.message).toBe('weights.safetensors is cut off at byte 12');
  expect(error.name).toBe('CheckpointError');
  expect(error).toBeInstanceOf(SimVlmError);
  expect(new ShapeError('x').code).toBe('SHAPE_MISMATCH');
});

test('only errors thrown on purpose count as ours', () => {
  expect(isSimVlmError(new ShapeError('x'))).toBe(true);
  expect(isSimVlmError(Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG' }))).toBe(false);
  expect(isSimVlmError('x')).toBe(false);
});

test('an error is in what was asked for, or came up while doing it, by its code', () => {
  const request = [
    new ConfigError('CONFIG_UNKNOWN_KEY', 'x'),
    new PluginError('PLUGIN_UNKNOWN', 'x'),
    new BackendError('BACKEND_UNKNOWN', 'x'),
    new TokenizerError('TOKENIZER_VOCAB_SIZE', 'x'),
  ];
  expect(request.map(isRequestError)).toEqual([true, true, true, true]);
  const failure = [
    new BackendError('BACKEND_UNAVAILABLE', 'x'),
    new TokenizerError('TOKENIZER_INVALID', 'x'),
    new ShapeError('x'),
    new SimVlmError('constructor' as never, 'a code of another version'),
    new Error('x'),
  ];
  expect(failure.map(isRequestError)).toEqual([false, false, false, false, false]);
});
