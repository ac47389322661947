import { join } from 'node:path';
import { replaceFile } from '@simvlm/core/node';
import { checkpointTrainerState } from '@simvlm/trainer';
import { metricsWriter, tensorboardWriter } from '@simvlm/trainer/node';
import { type RunOutcome, runTraining, type TrainingOptions } from '../training';
import { coresFor } from './cores';
import { nodePlaces } from './data';
import { readTokenizer } from './read-tokenizer';
import type { RunFolder } from './run-folder';

export interface FolderTrainingOptions extends Omit<TrainingOptions, 'storage' | 'readTokenizer' | 'places'> {
  /** Checkpoints and metrics go there; none where another process writes them. */
  readonly folder?: RunFolder | undefined;
}

/**
 * Trains as the configuration says, with a line a step in `metrics.jsonl`, and event files in `tensorboard/`; what the evaluators found at the last
 * step, with 95 % intervals, in `evaluation.json`. The caller disposes the model.
 */
export async function trainInFolder({ folder, callbacks, ...options }: FolderTrainingOptions) {
  const { resume, reporter, processes } = options;
  const fromStep = resume ? (await checkpointTrainerState(resume)).step : 0;
  const onWarning = (error: Error) => reporter.warn(error.message);
  const logs = folder
    ? [
        await metricsWriter(join(folder.path, 'metrics.jsonl'), { fromStep, onWarning }),
        await tensorboardWriter(join(folder.path, 'tensorboard'), { fromStep, onWarning }),
      ]
    : [];
  try {
    const run = await runTraining({
      ...options,
      readTokenizer,
      places: nodePlaces,
      cores: coresFor(processes?.size ?? 1),
      storage: folder?.storage,
      callbacks: trained => [...logs, ...(callbacks?.(trained) ?? [])],
    });
    for (const log of logs) await log.flush();
    if (folder && run.evaluations.length > 0) await writeEvaluations(folder, run).catch(onWarning);
    return run;
  } catch (error) {
    // What was measured is kept; why the training ended is what the user needs to know.
    for (const log of logs) await log.flush().catch(onWarning);
    throw error;
  }
}

function writeEvaluations({ path }: RunFolder, { result, evaluations }: RunOutcome): Promise<void> {
  const results = evaluations.map(({ step: _, ...each }) => each);
  return replaceFile(
    join(path, 'evaluation.json'),
    `${JSON.stringify({ step: result.step, results }, undefined, 2)}\n`,
  );
}
