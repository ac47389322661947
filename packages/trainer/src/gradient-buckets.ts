import type { AllReduceOptions, ParameterTree, ProcessGroup } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';

/** The size of PyTorch's DDP: large enough that the network is busy, small enough that the first leaves early. */
const BUCKET_BYTES = 25 << 20;
/** So that the network has something to do soon after the backward pass began. */
const FIRST_BUCKET_BYTES = 1 << 20;

interface Bucket {
  readonly names: readonly string[];
  /** How many of its gradients are still to come in this step. */
  missing: number;
}

/**
 * The gradients of a step, which are added up over the processes while the backward pass goes on (as PyTorch's DDP does; Li et al., 2020,
 * section 3.2.3): in buckets, of which each leaves as soon as its gradients, and those of the buckets before it, are there.
 *
 * Which gradients share a bucket follows from the parameters alone: last ones first, as those are final first. So each process sends the
 * same buckets in the same order, and sums have the same bits whatever the rows of a process, or the step that a run goes on from.
 */
export class GradientBuckets {
  readonly #group: ProcessGroup<tf.Tensor>;
  readonly #params: ParameterTree<tf.Tensor>;
  readonly #options: AllReduceOptions;
  readonly #buckets: Bucket[];
  readonly #bucketOf = new Map<string, Bucket>();
  /** Gradients whose bucket has not left. */
  readonly #held = new Map<string, tf.Tensor>();
  /** Sums on their way, by bucket. */
  readonly #sent: Promise<tf.Tensor[]>[] = [];

  /** @param params what there is a gradient for */
  constructor(
    group: ProcessGroup<tf.Tensor>,
    params: ParameterTree<tf.Tensor>,
    options: AllReduceOptions = {},
    bytes: { readonly first: number; readonly others: number } = {
      first: FIRST_BUCKET_BYTES,
      others: BUCKET_BYTES,
    },
  ) {
    this.#group = group;
    this.#params = params;
    this.#options = options;
    this.#buckets = plan(params, bytes);
    for (const bucket of this.#buckets) for (const name of bucket.names) this.#bucketOf.set(name, bucket);
  }

  /** How many buckets are on their way or have arrived. */
  get sent(): number {
    return this.#sent.length;
  }

  /** A gradient of this process's rows, which stays the caller's. */
  add(name: string, gradient: tf.Tensor): void {
    this.#held.set(name, tf.keep(gradient.clone()));
    this.#bucketOf.get(name)!.missing--;
    while (this.#buckets[this.sent]?.missing === 0) this.#send(this.#buckets[this.sent]!);
  }

  /**
   * The sums over all processes, by name. What was not added is 0 in this process. The caller disposes them.
   *
   * @throws BackendError as the process group does
   */
  async sums(): Promise<Map<string, tf.Tensor>> {
    while (this.sent < this.#buckets.length) this.#send(this.#buckets[this.sent]!);
    const arrived = await Promise.all(this.#sent);
    this.#sent.length = 0;
    const sums = new Map<string, tf.Tensor>();
    for (const [i, { names }] of this.#buckets.entries())
      for (const [j, name] of names.entries()) sums.set(name, arrived[i]![j]!);
    return sums;
  }

  /** Frees what is held, and what is on its way once it arrives. */
  dispose(): void {
    tf.dispose([...this.#held.values()]);
    this.#held.clear();
    for (const sums of this.#sent) sums.then(tf.dispose, () => {});
  }

  #send({ names }: Bucket): void {
    const given = names.map(name => this.#held.get(name) ?? tf.zerosLike(this.#params.get(name)));
    for (const name of names) this.#held.delete(name);
    const sums = this.#group.allReduce(given, this.#options);
    tf.dispose(given);
    // `sums()` throws it; until then it is no unhandled rejection.
    sums.catch(() => {});
    this.#sent.push(sums);
  }
}

function plan(
  params: ParameterTree<tf.Tensor>,
  { first, others }: { readonly first: number; readonly others: number },
): Bucket[] {
  const buckets: Bucket[] = [];
  let names: string[] = [];
  let bytes = 0;
  const close = () => {
    if (names.length > 0) buckets.push({ names, missing: names.length });
    names = [];
    bytes = 0;
  };
  for (const [name, { size }] of [...params].reverse()) {
    names.push(name);
    bytes += 4 * size;
    if (bytes >= (buckets.length === 0 ? first : others)) close();
  }
  close();
  return buckets;
}
