import { expect, test } from 'vitest';
import { cameraFailure } from '../../src/page/state/camera';

test.each([
  [new DOMException('denied', 'NotAllowedError'), /may not be used/, 'NotAllowedError: denied'],
  [new DOMException('none', 'NotFoundError'), /no camera/, 'NotFoundError: none'],
  [new DOMException('in use', 'NotReadableError'), /busy/, 'NotReadableError: in use'],
  [new DOMException('stopped', 'AbortError'), /cannot be used/, 'AbortError: stopped'],
  ['odd', /cannot be used/, 'odd'],
])('%s is said in words, with what to do and the detail', (error, title, detail) => {
  const failure = cameraFailure(error);
  expect(failure.title).toMatch(title);
  expect(failure.advice).toMatch(/choose a picture instead\.$/);
  expect(failure.detail).toBe(detail);
});
