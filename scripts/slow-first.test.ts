import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { slowFiles } from './slow-first';

test('every file that is listed as slow is there, once', () => {
  expect(slowFiles.filter(file => !existsSync(file))).toEqual([]);
  expect(new Set(slowFiles).size).toBe(slowFiles.length);
});
