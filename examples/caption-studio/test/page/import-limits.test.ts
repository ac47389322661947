import { describe, expect, test } from 'vitest';
import {
  checkBytes,
  importNames,
  isContent,
  type ListedFile,
  MAX_BYTES,
  MAX_FILES,
} from '../../src/page/state/import-limits';

const listed = (...paths: string[]): ListedFile[] => paths.map(path => ({ path, bytes: 1 }));

describe('the files of a folder are checked before any is read', () => {
  test('they are known by their last names', () => {
    expect(importNames(listed('a/b/model.json', 'a/b/c/weights.safetensors', 'run.json'))).toEqual([
      ...['model.json', 'weights.safetensors', 'run.json'],
    ]);
  });

  test.each([
    ['more files than a checkpoint has', Array(MAX_FILES + 1).fill({ path: 'a', bytes: 0 }), `${MAX_FILES}`],
    ['one file too large', [{ path: 'a', bytes: MAX_BYTES + 1 }], `${MAX_BYTES + 1} bytes`],
    [
      'files too large together',
      [0, 1, 2].map(i => ({ path: `${i}`, bytes: MAX_BYTES / 2 })),
      `${MAX_BYTES * 1.5} bytes`,
    ],
  ])('%s', (_, files, detail) => {
    expect(() => importNames(files)).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_TOO_LARGE', detail: expect.stringContaining(detail) }),
    );
  });

  test('two files of one name', () => {
    expect(() => importNames(listed('step-1/a', 'step-2/b', 'step-2/a'))).toThrow(
      expect.objectContaining({ title: 'There are two files named a', detail: 'step-1/a and step-2/a' }),
    );
  });

  test('what a system adds does not count as two', () => {
    const files = listed('a/.DS_Store', 'a/b/.DS_Store', '__MACOSX/a/model.json', 'a/model.json', 'a/');
    expect(files.filter(({ path }) => isContent(path)).map(({ path }) => path)).toEqual(['a/model.json']);
  });
});

test('a limit itself is allowed', () => {
  expect(() => checkBytes(MAX_BYTES)).not.toThrow();
  const most = Array.from({ length: MAX_FILES }, (_, i) => `${i}`);
  expect(importNames(listed(...most))).toEqual(most);
});
