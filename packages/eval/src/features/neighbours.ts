import * as tf from '@tensorflow/tfjs-core';
import type { LabelledVectors } from './labelled';

export interface NeighbourVoteOptions {
  /** Neighbours that vote, at least 1; fewer where there are not so many. */
  readonly k: number;
  /** A neighbour of cosine similarity s votes with exp(s / temperature); above 0. */
  readonly temperature: number;
  readonly signal?: AbortSignal;
}

/** Rows that are compared at a time: 4,096 references with 512 queries are 8 MiB of similarities. */
const [REFERENCES, QUERIES] = [4096, 512];

/**
 * The classes of each query, the likeliest first: the k training vectors of the largest cosine similarity vote for theirs (Wu et al.,
 * CVPR 2018). The search is exact, on the current backend. Of equal similarities the earlier training vector counts, of equal votes the class of
 * the nearer neighbour. A class that no neighbour has is not among them.
 *
 * @throws the signal's reason on abort
 */
export async function votedClasses(
  train: LabelledVectors,
  queries: LabelledVectors,
  { k, temperature, signal }: NeighbourVoteOptions,
): Promise<string[][]> {
  const count = queries.labels.length;
  const nearest = Array.from({ length: count }, () => new Nearest(k));
  for (let from = 0; from < train.labels.length; from += REFERENCES) {
    const references = unitRows(train, from, REFERENCES);
    for (let first = 0; first < count; first += QUERIES) {
      signal?.throwIfAborted();
      const similarities = tf.tidy(() =>
        tf.matMul(unitRows(queries, first, QUERIES), references, false, true),
      );
      const values = (await similarities.data()) as Float32Array;
      const [rows, columns] = similarities.shape as [number, number];
      similarities.dispose();
      for (let row = 0; row < rows; row++)
        nearest[first + row]!.offer(values.subarray(row * columns, (row + 1) * columns), from);
    }
    references.dispose();
  }
  return nearest.map(({ found }) => {
    const votes = new Map<string, number>();
    for (const { index, similarity } of found) {
      const label = train.labels[index]!;
      // Of the nearest it is 1: only how votes compare matters, and nothing overflows.
      const vote = Math.exp((similarity - found[0]!.similarity) / temperature);
      votes.set(label, (votes.get(label) ?? 0) + vote);
    }
    return [...votes].sort(([, a], [, b]) => b - a).map(([label]) => label);
  });
}

/** The k most similar of all that were offered. */
class Nearest {
  /** The most similar first. */
  readonly found: { readonly index: number; readonly similarity: number }[] = [];

  constructor(readonly k: number) {}

  offer(similarities: Float32Array, from: number): void {
    for (let i = 0; i < similarities.length; i++) {
      const similarity = similarities[i]!;
      const isFull = this.found.length === this.k;
      if (isFull && similarity <= this.found[this.k - 1]!.similarity) continue;
      if (isFull) this.found.pop();
      let at = this.found.length;
      while (at > 0 && this.found[at - 1]!.similarity < similarity) at--;
      this.found.splice(at, 0, { index: from + i, similarity });
    }
  }
}

/** Rows of length 1, `[at most count, width]`; a row of zeros stays one. */
function unitRows({ width, values }: LabelledVectors, from: number, count: number): tf.Tensor2D {
  return tf.tidy(() => {
    const some = values.slice(from * width, (from + count) * width);
    const rows = tf.tensor2d(some, [some.length / width, width]);
    return tf.div(rows, tf.maximum(tf.norm(rows, 'euclidean', 1, true), 1e-12)) as tf.Tensor2D;
  });
}
