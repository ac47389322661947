import type { ProcessGroup } from '@simvlm/core';
import { checkpointTrainerState } from '@simvlm/trainer';
import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../config/schema';
import type { Reporter } from '../reporter';
import { followedCheckpoint, type NewOrResumed, newOrResumedRunFolder } from './run-folder';

/** What process 0 says where there is nothing to go on from. */
const BEGIN = -1;

/**
 * Goes on where the run has a checkpoint, begins where it has none. Process 0, which alone takes the folder, decides for all, and the
 * others go on from the same step.
 *
 * @returns the folder in process 0 only, which closes it
 * @throws what `newOrResumedRunFolder` does, and `followedCheckpoint` in the others
 */
export async function resumeTogether(
  config: RunConfig,
  reporter: Reporter,
  processes: ProcessGroup<tf.Tensor> | undefined,
): Promise<Partial<NewOrResumed>> {
  if (processes && processes.rank > 0) {
    const step = await ofFirst(processes, BEGIN);
    return step === BEGIN ? {} : { resume: await followedCheckpoint(config, step, reporter) };
  }
  const taken = await newOrResumedRunFolder(config, reporter);
  try {
    const step = taken.resume ? (await checkpointTrainerState(taken.resume)).step : BEGIN;
    if (processes) await ofFirst(processes, step);
    return taken;
  } catch (error) {
    await taken.folder.close();
    throw error;
  }
}

/** The number of process 0, in each. */
async function ofFirst(processes: ProcessGroup<tf.Tensor>, value: number): Promise<number> {
  const own = tf.scalar(value, 'int32');
  try {
    const [first] = await processes.broadcast([own]);
    const [told] = await first!.data();
    first!.dispose();
    return told!;
  } finally {
    own.dispose();
  }
}
