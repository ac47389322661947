import { BackendError, type ProcessGroup } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';

/** The processes of a group as one process: each collective ends when all have asked for it. */
export function memoryGroups(size: number): ProcessGroup<tf.Tensor>[] {
  interface Round {
    readonly given: tf.Tensor[][];
    readonly done: ((failed: boolean) => void)[];
  }
  let round: Round = { given: [], done: [] };
  let hasLeft = false;
  const meet = async (rank: number, tensors: readonly tf.Tensor[]): Promise<tf.Tensor[][]> => {
    const mine = round;
    if (hasLeft) throw new BackendError('BACKEND_FAILED', 'another process has left');
    mine.given[rank] = tensors.map(tensor => tensor.clone());
    const failed = await new Promise<boolean>(resolve => {
      if (mine.done.push(resolve) < size) return;
      round = { given: [], done: [] };
      for (const tell of mine.done) tell(false);
    });
    if (failed) throw new BackendError('BACKEND_FAILED', 'another process has left');
    return mine.given;
  };
  // Whoever comes last frees what was given.
  const collect = async (
    rank: number,
    tensors: readonly tf.Tensor[],
    combine: (given: tf.Tensor[]) => tf.Tensor,
  ): Promise<tf.Tensor[]> => {
    const given = await meet(rank, tensors);
    const results = tensors.map((_, i) => tf.tidy(() => combine(given.map(each => each[i]!))));
    queueMicrotask(() => tf.dispose(given[rank]!));
    await Promise.resolve();
    return results;
  };
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    allReduce: tensors =>
      collect(rank, tensors, given =>
        given.reduce((sum, each) => tf.add(sum, each), tf.zerosLike(given[0]!)),
      ),
    broadcast: tensors => collect(rank, tensors, ([first]) => first!.clone()),
    barrier: async () => void (await meet(rank, [])),
    dispose() {
      hasLeft = true;
      for (const tell of round.done) tell(true);
    },
  }));
}
