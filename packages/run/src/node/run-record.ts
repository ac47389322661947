import { basename, join, resolve } from 'node:path';
import { FILES, jsonOf } from '@simvlm/checkpoint';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import type { JsonValue } from '@simvlm/core';
import { DataError, parseJsonObject } from '@simvlm/core';
import { textLines } from '@simvlm/data/node';
import { type RunMetrics, type RunRecord, sortLines } from '../report/run-record';

/** What `metrics.jsonl` of a run folder tells. @throws DataError when it is missing or damaged */
export async function readMetrics(folder: string): Promise<RunMetrics> {
  const file = join(folder, 'metrics.jsonl');
  const lines: Record<string, unknown>[] = [];
  for await (const { text, number } of textLines(file))
    lines.push(parseJsonObject(text, `${file}:${number}`));
  return sortLines(lines);
}

/**
 * A run folder for a report: its metrics, and the configuration in its newest checkpoint.
 *
 * @throws DataError when it has no steps; CheckpointError when it has no checkpoint
 */
export async function readRun(folder: string): Promise<RunRecord> {
  const metrics = await readMetrics(folder);
  if (metrics.steps.length === 0)
    throw new DataError('DATA_INVALID', `${folder}: its metrics.jsonl has no step: train it first`);
  const config = (await jsonOf(await openCheckpoint(folder), FILES.run)) as JsonValue;
  return { name: basename(resolve(folder)), config, ...metrics };
}
