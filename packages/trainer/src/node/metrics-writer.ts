import { appendFile, readFile, writeFile } from 'node:fs/promises';
import type { TrainCallback } from '../train';

/**
 * A callback that writes one JSON object a step to a file. A resumed run (`fromStep` > 0) drops the lines after the step it
 * goes on from, so that each step stands once.
 */
export async function metricsWriter(
  file: string,
  fromStep = 0,
): Promise<TrainCallback & { flush(): Promise<void> }> {
  const kept =
    fromStep === 0
      ? []
      : (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(line => isStepUpTo(line, fromStep));
  await writeFile(file, kept.map(line => `${line}\n`).join(''));
  let waiting = '';
  let last = Date.now();
  const flush = async () => {
    const text = waiting;
    waiting = '';
    last = Date.now();
    if (text !== '') await appendFile(file, text);
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

function isStepUpTo(line: string, limit: number): boolean {
  try {
    return (JSON.parse(line) as { step: number }).step <= limit;
  } catch {
    // A line that a crash cut in half.
    return false;
  }
}
