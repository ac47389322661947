import { expect, test } from 'vitest';
import { CheckpointError, isSimVlmError, ShapeError, SimVlmError } from './errors';

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
