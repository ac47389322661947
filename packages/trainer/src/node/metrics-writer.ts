import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { CheckpointError } from '@simvlm/core';
import type { TrainCallback } from '../train';

/**
 * A callback that writes one JSON object a step to a file. A resumed run (`fromStep` > 0) drops the lines after the step it
 * goes on from, so that each step stands once.
 *
 * @throws CheckpointError (`DISK_WRITE`), here and from its hooks, when the file cannot be read or written
 */
export async function metricsWriter(
  file: string,
  fromStep = 0,
): Promise<TrainCallback & { flush(): Promise<void> }> {
  const kept =
    fromStep === 0 ? [] : (await earlier(file)).split('\n').filter(line => isStepUpTo(line, fromStep));
  await onDisk(() => writeFile(file, kept.map(line => `${line}\n`).join('')));
  let waiting = '';
  let last = Date.now();
  const flush = async () => {
    const text = waiting;
    waiting = '';
    last = Date.now();
    if (text !== '') await onDisk(() => appendFile(file, text));
  };
  return {
    async onStep(metrics) {
      waiting += `${JSON.stringify(metrics)}\n`;
      if (Date.now() - last > 2000) await flush();
    },
    onCheckpoint: flush,
    flush,
  };
}

/** What the run wrote before; nothing where it was not asked to write. */
function earlier(file: string): Promise<string> {
  return onDisk(() =>
    readFile(file, 'utf8').catch(error => {
      if (error.code === 'ENOENT') return '';
      throw error;
    }),
  );
}

async function onDisk<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new CheckpointError('DISK_WRITE', `cannot write the metrics: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function isStepUpTo(line: string, limit: number): boolean {
  try {
    return (JSON.parse(line) as { step: number }).step <= limit;
  } catch {
    // A line that a crash cut in half.
    return false;
  }
}
