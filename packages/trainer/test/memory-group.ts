import { BackendError, type ProcessGroup } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';

/** The processes of a group as one process: each collective ends when all have asked for it. Several may be under way. */
export function memoryGroups(size: number): ProcessGroup<tf.Tensor>[] {
  interface Round {
    readonly given: tf.Tensor[][];
    readonly done: ((failed: boolean) => void)[];
  }
  /** By number; how many each process has asked for. */
  const rounds: Round[] = [];
  const asked = new Array<number>(size).fill(0);
  let hasLeft = false;
  const left = () => new BackendError('BACKEND_FAILED', 'another process has left');
  const meet = async (rank: number, tensors: readonly tf.Tensor[]): Promise<tf.Tensor[][]> => {
    if (hasLeft) throw left();
    const number = asked[rank]!++;
    const mine = (rounds[number] ??= { given: [], done: [] });
    mine.given[rank] = tensors.map(tensor => tf.keep(tensor.clone()));
    const failed = await new Promise<boolean>(resolve => {
      if (mine.done.push(resolve) < size) return;
      delete rounds[number];
      for (const tell of mine.done) tell(false);
    });
    if (!failed) return mine.given;
    tf.dispose(mine.given[rank]);
    throw left();
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
    broadcast: (tensors, from = 0) => collect(rank, tensors, given => given[from]!.clone()),
    barrier: async () => void (await meet(rank, [])),
    dispose() {
      hasLeft = true;
      for (const round of Object.values(rounds)) for (const tell of round.done) tell(true);
    },
  }));
}
