import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFolder, ended, smallConfig, startSimvlm, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 30, 1);
  folder.write('text.txt', 'a red disc\na blue cross\n'.repeat(2000));
});
afterAll(() => folder.leave());

/** Starts a training that goes on until it is stopped. */
function training(name: string): ChildProcess {
  folder.write(`${name}.json`, smallConfig('train', { name, steps: 10_000_000 }));
  return startSimvlm(['train', `${name}.json`]);
}

/** Waits until the first steps are done and logged. */
async function isTraining(name: string): Promise<void> {
  const metrics = `runs/${name}/metrics.jsonl`;
  while (!existsSync(metrics) || statSync(metrics).size === 0) await setTimeout(20);
}

const checkpoints = (name: string) => readdirSync(`runs/${name}/checkpoints`);

describe.skipIf(process.platform === 'win32')('a training whose terminal is lost', () => {
  it('goes on when the reader of its log exits, and saves a checkpoint on Ctrl-C after that', async () => {
    const child = training('unread');
    const end = ended(child);
    child.stderr!.once('data', () => child.stderr!.destroy());
    await isTraining('unread');
    child.kill('SIGINT');
    expect(await end).toBe(130);
    expect(checkpoints('unread')).toHaveLength(1);
  });

  it('saves a checkpoint on SIGHUP, even when the shell repeats it', async () => {
    const child = training('closed');
    const end = ended(child);
    await isTraining('closed');
    child.stderr!.destroy();
    child.stdout!.destroy();
    child.kill('SIGHUP');
    child.kill('SIGHUP');
    expect(await end).toBe(130);
    expect(checkpoints('closed')).toHaveLength(1);
  });
});

describe.skipIf(process.platform === 'win32')('other commands', () => {
  it.each([
    [['tokenizer', 'train', 'text.txt', '--out', 't.model', '--soft-vocab-limit'], 't.model'],
    [['eval', 'train', '--predictions', 'p.jsonl'], 'p.jsonl'],
  ])('%j finishes though nobody reads its progress', async (args, result) => {
    const child = startSimvlm(args);
    child.stderr!.destroy();
    child.stdout!.resume();
    expect(await ended(child)).toBe(0);
    expect(existsSync(result)).toBe(true);
  });

  it('that wait end with 130 on SIGHUP', async () => {
    const model = new URL('../../tokenizer/fixtures/models/unigram-32k.model', import.meta.url);
    // Standard input stays open: there is always more to encode.
    const child = startSimvlm(['tokenizer', 'encode', '--model', fileURLToPath(model)]);
    child.stdin!.write('a red disc\n');
    await new Promise(resolve => child.stdout!.once('data', resolve));
    child.kill('SIGHUP');
    expect(await ended(child)).toBe(130);
  });
});
