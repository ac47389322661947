import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryStorage } from '@simvlm/checkpoint';
import { CheckpointError, type StepMetrics } from '@simvlm/core';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../checkpoint/test/disk';
import { metricsWriter } from '../src/node';
import { errorOf, run, useBackend } from './tiny';

let file: string;
beforeAll(() => useBackend('wasm'));
beforeEach(async () => {
  file = join(await temporaryFolder(), 'metrics.jsonl');
});

const steps = async () =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map(line => (JSON.parse(line) as StepMetrics).step);

test('a line a step, all of them once it is flushed', async () => {
  const writer = await metricsWriter(file);
  const { metrics } = await run({ config: { steps: 3 }, callbacks: [writer] });
  await writer.flush();
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines.map(line => JSON.parse(line))).toEqual(metrics);
});

test('a resumed run drops the lines behind the step it goes on from: each step stands once', async () => {
  const storage = memoryStorage();
  await run({ storage, stopAt: 4, config: { steps: 8 } });
  const resume = (await storage.latest())!;
  // The process lived two steps longer than its checkpoint, and died while it wrote a line.
  const line = (step: number) => `{"step":${step},"loss":1}\n`;
  await writeFile(file, `${[1, 2, 3, 4, 5, 6].map(line).join('')}{"step":3,"lo`);
  const writer = await metricsWriter(file, { fromStep: 4 });
  expect(await steps()).toEqual([1, 2, 3, 4]);
  await run({ resume, config: { steps: 8 }, callbacks: [writer] });
  await writer.flush();
  expect(await steps()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('evaluations have lines of their own, and a rollback or a resume drops those of later steps', async () => {
  const writer = await metricsWriter(file);
  const step = (at: number) => writer.onStep!({ step: at } as StepMetrics);
  for (const at of [1, 2, 3, 4]) {
    await step(at);
    if (at % 2 === 0) await writer.onEvaluation!(at, { 'val/loss': at / 2 });
  }
  await writer.onRollback!(2);
  await step(3);
  await writer.flush();
  const text = '{"step":1}\n{"step":2}\n{"step":2,"val/loss":1}\n{"step":3}\n';
  expect(await readFile(file, 'utf8')).toBe(text);
  await metricsWriter(file, { fromStep: 2 });
  expect(await readFile(file, 'utf8')).toBe(text.slice(0, text.indexOf('{"step":3')));
});

test('half a line, and lines that are no steps, are ignored', async () => {
  await writeFile(file, '{"step":1}\n\nnull\n7\n"x"\n{"step":"2"\n{"step":2}\n{"st');
  await metricsWriter(file, { fromStep: 9 });
  expect(await steps()).toEqual([1, 2]);
});

test('a new run starts a new file, and a resumed one without a file makes it', async () => {
  await writeFile(file, '{"step":1}\n');
  await metricsWriter(file);
  expect(await readFile(file, 'utf8')).toBe('');
  await rm(file);
  await metricsWriter(file, { fromStep: 5 });
  expect(await readFile(file, 'utf8')).toBe('');
});

test('lines are on the disk when a checkpoint is', async () => {
  const writer = await metricsWriter(file);
  const seen: number[][] = [];
  const look = { onCheckpoint: async () => void seen.push(await steps()) };
  await run({
    config: { steps: 4, checkpointSteps: 2 },
    storage: memoryStorage(),
    callbacks: [writer, look],
  });
  expect(seen).toEqual([
    [1, 2],
    [1, 2, 3, 4],
  ]);
});

test('a file that cannot be written is a typed error in one line', async () => {
  const error = await errorOf(metricsWriter(join(file, 'below', 'metrics.jsonl')));
  expect(error).toBeInstanceOf(CheckpointError);
  expect(error.code).toBe('DISK_WRITE');
  expect(error.message).toMatch(/^cannot write the metrics .*metrics.jsonl: there is no folder .*ENOENT/);
});
