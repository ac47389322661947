import { join } from 'node:path';
import { checkpointTrainerState } from '@simvlm/trainer';
import { metricsWriter } from '@simvlm/trainer/node';
import { runTraining, type TrainingOptions } from '../training';
import { readTokenizer } from './read-tokenizer';
import type { RunFolder } from './run-folder';

export interface FolderTrainingOptions extends Omit<TrainingOptions, 'storage' | 'readTokenizer'> {
  /** Checkpoints and metrics go there; none where another process writes them. */
  readonly folder?: RunFolder | undefined;
}

/** Trains as the configuration says, with a line a step in `metrics.jsonl`. The caller disposes the model. */
export async function trainInFolder({ folder, callbacks, ...options }: FolderTrainingOptions) {
  const { resume, reporter } = options;
  const fromStep = resume ? (await checkpointTrainerState(resume)).step : 0;
  const onWarning = (error: Error) => reporter.warn(error.message);
  const metrics =
    folder && (await metricsWriter(join(folder.path, 'metrics.jsonl'), { fromStep, onWarning }));
  try {
    const run = await runTraining({
      ...options,
      readTokenizer,
      storage: folder?.storage,
      callbacks: trained => [...(metrics ? [metrics] : []), ...(callbacks?.(trained) ?? [])],
    });
    await metrics?.flush();
    return run;
  } catch (error) {
    // What was measured is kept; why the training ended is what the user needs to know.
    await metrics?.flush().catch(onWarning);
    throw error;
  }
}
