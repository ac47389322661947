import { type Checkpoint, openTensors, TENSORS, type TensorSet } from '@simvlm/checkpoint';
import { restoreCheckpoint, type TrainerState } from '../checkpoint';
import type { TrainLearner } from '../learner';
import type { AdamW } from '../optimizer';
import type { Processes } from '../processes';
import type { WeightAverage } from '../weight-average';

/** What a rollback puts back. */
export interface Restorable {
  readonly learner: TrainLearner;
  readonly optimizer: AdamW;
  readonly average: WeightAverage | undefined;
}

/**
 * Puts weights, moments and averages back to those of a checkpoint, in every process.
 *
 * @param checkpoint that which process 0 has opened; others have none
 * @returns the trainer's state of the checkpoint, the same in each
 * @throws CheckpointError when it is damaged
 */
export async function rollBack(
  parts: Restorable,
  checkpoint: Checkpoint | undefined,
  processes: Processes | undefined,
): Promise<TrainerState> {
  const { learner, optimizer, average } = parts;
  const own = checkpoint && (await restoreCheckpoint(checkpoint, learner, optimizer, average));
  if (!processes) return own!;
  const state = JSON.parse(await processes.tell(JSON.stringify(own ?? null))) as TrainerState;
  await processes.shareParameters(learner.params);
  const moments = checkpoint && (await openTensors(checkpoint, TENSORS.optimizer));
  const kept = new Set(optimizer.state().map(([name]) => name));
  const shapes = optimizer.stateEntries().map(([name, shape]) => [name, shape] as const);
  const set = await processes.spread(shapes, moments, name => kept.has(name));
  if (!checkpoint) await optimizer.restore(state.step, set);
  if (average) {
    const averages = average.tensors();
    const all = averages.map(([name, { shape }]) => [name, shape] as const);
    const given: Pick<TensorSet, 'tensors'> | undefined = checkpoint && { tensors: new Map(averages) };
    const spread = await processes.spread(all, given, () => true);
    if (!checkpoint) await average.restore(spread);
  }
  return state;
}
