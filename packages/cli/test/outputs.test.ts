import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { guardStandardStreams } from '../src/io/standard-streams';
import { drawFolder, evaluated, simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 12, 1);
  folder.write('text.txt', 'a red disc\na blue cross\n'.repeat(20));
});
afterAll(() => folder.leave());

const train = ['tokenizer', 'train', '--vocab-size', '20', '--soft-vocab-limit'];

describe('what cannot be written is refused before the work, with the path and on one line', () => {
  beforeEach(() => {
    mkdirSync('is-a-folder');
    folder.write('is-a-file', '');
  });
  afterEach(() => {
    for (const name of ['is-a-folder', 'is-a-file', 'runs']) rmSync(name, { recursive: true, force: true });
  });

  it.each([
    [['eval', 'train', '--predictions', 'none/p.jsonl'], 'none/p.jsonl: there is no folder none'],
    [['eval', 'train', '--predictions', 'is-a-folder'], 'is-a-folder: it is a folder'],
    // The text is not read either: it is not there.
    [[...train, 'no-text.txt', '--out', 'none/t.model'], 'none/t.model: there is no folder none'],
    [[...train, 'no-text.txt', '--out', 'is-a-file/t.json'], 'is-a-file/t.json: part of the path is a file'],
    [['export', '--checkpoint', 'none', '--out', 'is-a-file/e'], 'is-a-file/e: part of the path is a file'],
    [['lora', 'merge', 'none', '--out', 'is-a-file/m'], 'is-a-file/m: part of the path is a file'],
    [['lora', 'extract', 'none', '--out', 'none/a'], 'none/a: there is no folder none'],
  ])('%j', async (args, message) => {
    const { code, out, err } = await simvlm(...args);
    expect(err).toContain(`error cannot write ${message}`);
    expect(err).toMatch(/give another (file|folder) with --\w+\n$/);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect([code, out]).toEqual([1, '']);
  });

  it.each([
    [['train', 'config.json'], 'runs/mine'],
    [['demo', '--name', 'mine'], 'runs/mine'],
  ])('%j where runs is a file', async (args, path) => {
    folder.write('config.json', smallConfig('train', { name: 'mine' }));
    folder.write('runs', '');
    const { code, err } = await simvlm(...args);
    expect(err).toContain(`error cannot write ${path}: part of the path is a file, not a folder`);
    expect(err).not.toContain('    at ');
    expect(code).toBe(1);
  });
});

it('a check leaves nothing behind when the command then fails', async () => {
  const before = readdirSync('.');
  await simvlm(...train, 'no-text.txt', '--out', 't.model');
  await simvlm('export', '--checkpoint', 'none', '--out', 'deep/export');
  await simvlm('lora', 'extract', 'none', '--out', 'adapters');
  expect(readdirSync('.')).toEqual(before);
});

it.skipIf(process.platform !== 'linux')(
  'metrics are printed even where the predictions cannot be written in the end',
  async () => {
    // /dev/full can be opened, and is full.
    const { code, out, err } = await simvlm('eval', 'train', '--json', '--predictions', '/dev/full');
    expect(evaluated(out)).toMatchObject({ evaluator: 'caption', count: 12 });
    expect(err).toContain('error cannot write /dev/full: the disk is full (ENOSPC)');
    expect(code).toBe(1);
  },
);

it('an output that is there stays whole until the new one is', async () => {
  writeFileSync('old.model', 'old');
  expect((await simvlm(...train, 'no-text.txt', '--out', 'old.model')).code).toBe(1);
  expect(readFileSync('old.model', 'utf8')).toBe('old');
  expect((await simvlm(...train, 'text.txt', '--out', 'old.model')).code).toBe(0);
  expect(readFileSync('old.model', 'utf8')).not.toBe('old');
});

describe('standard streams', () => {
  /** Streams whose errors a test makes. */
  function guarded() {
    const listeners = {
      stdout: [] as ((error: object) => void)[],
      stderr: [] as ((error: object) => void)[],
    };
    const stream = (name: 'stdout' | 'stderr') => ({
      on: (_: string, listener: (error: object) => void) => listeners[name].push(listener),
      write: vi.fn(),
    });
    const streams = { stdout: stream('stdout'), stderr: stream('stderr'), exit: vi.fn() };
    guardStandardStreams(streams as never);
    const fail = (name: 'stdout' | 'stderr', code: string) => {
      for (const listener of listeners[name]) listener(Object.assign(new Error(code), { code }));
    };
    return { ...streams, fail };
  }

  it.each(['EPIPE', 'EIO', 'ENXIO', 'ENOSPC'])(
    'progress is not worth a run: %s on stderr is ignored',
    code => {
      const { stderr, exit, fail } = guarded();
      fail('stderr', code);
      expect(exit).not.toHaveBeenCalled();
      expect(stderr.write).not.toHaveBeenCalled();
    },
  );

  it('a reader of results that has seen enough ends the command quietly', () => {
    const { stderr, exit, fail } = guarded();
    fail('stdout', 'EPIPE');
    expect(exit).toHaveBeenCalledWith();
    expect(stderr.write).not.toHaveBeenCalled();
  });

  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EIO', 'the disk reports an error'],
  ])('results that are lost by %s end it with one line and 1', (code, words) => {
    const { stderr, exit, fail } = guarded();
    fail('stdout', code);
    expect(stderr.write).toHaveBeenCalledWith(`error cannot write to standard output: ${words} (${code})\n`);
    expect(exit).toHaveBeenCalledWith(1);
  });
});
