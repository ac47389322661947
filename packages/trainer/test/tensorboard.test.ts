import { execFileSync } from 'node:child_process';
import { readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StepMetrics } from '@simvlm/core';
import { beforeEach, expect, test } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { activePython } from '../../../scripts/parts/python';
import { temporaryFolder } from '../../checkpoint/test/disk';
import { type TensorBoardOptions, tensorboardWriter } from '../src/node';
import { crc32c } from '../src/node/tensorboard/records';

const tensorboard = await needs('tensorboard');

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

/** Of a step, such that the values tell the step and the session. */
function metrics(step: number, session: number): StepMetrics {
  const rest = { learningRate: 0.5 ** step, gradientNorm: 2, rowsPerSecond: 64, waited: 0.25 };
  return { step, loss: session + step / 8, ...rest, count: 10, rows: 4, seconds: step, totalSteps: null };
}

/** Writes the steps of a session, and its evaluations at even ones. */
async function session(
  number: number,
  [first, last]: readonly [number, number],
  options: TensorBoardOptions = {},
) {
  const writer = await tensorboardWriter(folder, options);
  for (let step = first; step <= last; step++) {
    await writer.onStep!(metrics(step, number));
    if (step % 2 === 0) await writer.onEvaluation!(step, { 'val/loss': step });
  }
  await writer.flush();
  return writer;
}

/** By tag, the steps and values that TensorBoard finds. */
function read(): Record<string, [step: number, value: number][]> {
  const script = fileURLToPath(new URL('read-events.py', import.meta.url));
  return JSON.parse(execFileSync(activePython(), [script, folder], { encoding: 'utf8', stdio: 'pipe' }));
}

const losses = (...parts: [session: number, first: number, last: number][]) =>
  parts.flatMap(([number, first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => [first + i, number + (first + i) / 8]),
  );

test('the checksum is CRC-32C: the examples of RFC 3720', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test('each session has a file of its own, in the order of their names', async () => {
  await session(1, [1, 1]);
  await session(2, [1, 1]);
  const names = (await readdir(folder)).sort();
  expect(names.length).toBe(2);
  const version = Buffer.from('brain.Event:2');
  for (const name of names) expect((await readFile(join(folder, name))).includes(version)).toBe(true);
});

tensorboard.describe('TensorBoard reads', () => {
  test('every step and evaluation, with its values', async () => {
    await session(1, [1, 300]);
    const found = read();
    expect(Object.keys(found).sort()).toEqual([
      'train/gradientNorm',
      'train/learningRate',
      'train/loss',
      'train/rowsPerSecond',
      'train/waited',
      'val/loss',
    ]);
    expect(found['train/loss']).toEqual(losses([1, 1, 300]));
    expect(found['train/learningRate']![9]).toEqual([10, 0.5 ** 10]);
    expect(found['val/loss']!.map(([step]) => step)).toEqual(
      Array.from({ length: 150 }, (_, i) => 2 * i + 2),
    );
  });

  test('each step of a resumed run once: those after the checkpoint are of the later session', async () => {
    await session(1, [1, 20]);
    await session(2, [11, 15], { fromStep: 10 });
    await session(3, [16, 18], { fromStep: 15 });
    const found = read();
    expect(found['train/loss']).toEqual(losses([1, 1, 10], [2, 11, 15], [3, 16, 18]));
    expect(found['val/loss']!.map(([step]) => step)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18]);
  });

  test('each step of a run that is rolled back once', async () => {
    const writer = await session(1, [1, 20]);
    await writer.onRollback!(12);
    for (let step = 13; step <= 16; step++) await writer.onStep!(metrics(step, 2));
    await writer.flush();
    expect(read()['train/loss']).toEqual(losses([1, 1, 12], [2, 13, 16]));
  });

  test('nothing of a run that never came to a checkpoint, once another begins in its place', async () => {
    await session(1, [1, 5]);
    await session(2, [1, 3]);
    expect(read()['train/loss']).toEqual(losses([2, 1, 3]));
  });

  test('what a crash left of a file, and the session after it', async () => {
    const { file } = await session(1, [1, 20]);
    await truncate(file, (await readFile(file)).length - 7);
    await session(2, [11, 15], { fromStep: 10 });
    expect(read()['train/loss']).toEqual(losses([1, 1, 10], [2, 11, 15]));
  });
});
