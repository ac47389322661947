import type { OptionRule } from './options';

/** Longest name in bytes: file systems allow 255, and `demo-2` and temporary files add to it. */
const LONGEST = 200;

/** What a run may be called. Its name is a folder in `runs/`, and never leads out of it. */
export const runName: OptionRule = {
  // Put together from names, it would stay in every bundle.
  expected:
    'the name of a folder in runs/: not empty, not "." or "..", without / \\ and control characters, 200 bytes at most',
  accepts: value =>
    typeof value === 'string' &&
    value.trim() !== '' &&
    value !== '.' &&
    value !== '..' &&
    !/[/\\\p{Cc}\u2028\u2029\p{Surrogate}]/u.test(value) &&
    new TextEncoder().encode(value).length <= LONGEST,
};
