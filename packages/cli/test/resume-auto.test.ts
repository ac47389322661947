import { cpSync, readFileSync, rmSync } from 'node:fs';
import type { ProcessGroup } from '@simvlm/core';
import { followedCheckpoint, readRunConfig, resumeTogether } from '@simvlm/run/node';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Terminal } from '../src/terminal';
import { drawFolder, simvlm, smallConfig, workingFolder } from './fixture';

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 20, 1);
  folder.write('config.json', smallConfig('train', { name: 'r', steps: 4, optimizer: { warmup: 1 } }));
});
afterAll(() => folder.leave());
beforeEach(() => rmSync('runs', { recursive: true, force: true }));

const train = (...args: string[]) =>
  simvlm('train', 'config.json', '--backend', 'wasm', '--resume', 'auto', ...args);
const steps = () =>
  readFileSync('runs/r/metrics.jsonl', 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).step as number);

/** Process 1, to which process 0 says a number. */
const follower = (said: number) =>
  ({
    rank: 1,
    size: 2,
    broadcast: async () => [tf.scalar(said, 'int32')],
  }) as unknown as ProcessGroup<tf.Tensor>;

describe('train --resume auto', () => {
  test('begins where there is no checkpoint and goes on where there is one', async () => {
    const begun = await train();
    expect(begun.code, begun.err).toBe(0);
    expect(begun.err).toContain('runs/r holds no checkpoint yet: beginning');
    const goneOn = await train('--set', 'steps=6');
    expect(goneOn.code, goneOn.err).toBe(0);
    expect(goneOn.err).toContain('going on from runs/r/checkpoints/step-00000004');
    expect(steps()).toEqual([1, 2, 3, 4, 5, 6]);
    // A run that is done stays done.
    expect((await train('--set', 'steps=6')).code).toBe(0);
    expect(steps()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('begins with the weights of --init, and goes on with its own', async () => {
    expect((await train()).code).toBe(0);
    cpSync('runs/r', 'base', { recursive: true });
    rmSync('runs', { recursive: true });
    const begun = await train('--init', 'base', '--set', 'steps=2');
    expect(begun.code, begun.err).toBe(0);
    const goneOn = await train('--init', 'base', '--set', 'steps=3');
    expect(goneOn.code, goneOn.err).toBe(0);
    expect(goneOn.err).toContain('going on from runs/r/checkpoints/step-00000002');
    expect(steps()).toEqual([1, 2, 3]);
  });

  test('refuses another configuration than that of the checkpoint', async () => {
    expect((await train()).code).toBe(0);
    const { code, err } = await train('--set', 'seed=7');
    expect(code).toBe(2);
    expect(err).toContain('was trained with another configuration: seed');
  });

  test('follows process 0, and says so where its checkpoint is not to be seen', async () => {
    expect((await train()).code).toBe(0);
    const config = await readRunConfig('config.json', []);
    const terminal = new Terminal();
    const before = tf.memory().numTensors;
    const followed = await resumeTogether(config, terminal, follower(4));
    expect(followed.folder).toBeUndefined();
    expect(followed.resume?.folder).toBe('runs/r/checkpoints/step-00000004');
    expect(await resumeTogether(config, terminal, follower(-1))).toEqual({});
    expect(tf.memory().numTensors).toBe(before);
    await expect(followedCheckpoint(config, 3, terminal, 10)).rejects.toThrow(
      'process 0 goes on from step 3, whose checkpoint runs/r does not hold here: all processes need the same run folder',
    );
  });
});
