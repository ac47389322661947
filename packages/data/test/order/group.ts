import { type JsonValue, Random, type SampleOrder, type SampleSource } from '@simvlm/core';

/** Processes that read a source together, each in its share, as far as a test lets each of them go. */
export class Group {
  readonly #orders: readonly SampleOrder[];
  /** Keys of each epoch, by all processes, in the order in which they were drawn. */
  readonly epochs: string[][];
  /** What each process drew, as `epoch/key`. */
  readonly drawn: string[][];

  /** @param before a group that ended: this one goes on where it stood */
  constructor(source: SampleSource, size: number, shuffle: number | false | undefined, before?: Group) {
    this.#orders = Array.from({ length: size }, (_, rank) =>
      source.order({ share: { rank, size }, random: Random.fromSeed(7), shuffle }),
    );
    this.epochs = before?.epochs ?? [];
    this.drawn = this.#orders.map(() => []);
    const states = before?.states();
    if (states) for (const order of this.#orders) order.restore(states);
  }

  get size(): number {
    return this.#orders.length;
  }

  /** What each process saves, as it comes back from a file. */
  states(): JsonValue[] {
    return this.#orders.map(order => JSON.parse(JSON.stringify(order.state())));
  }

  /** One process draws so many records. */
  async draw(rank: number, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { sample, epoch } = await this.#orders[rank]!.next();
      this.epochs[epoch] ??= [];
      this.epochs[epoch].push(sample!.key);
      this.drawn[rank]!.push(`${epoch}/${sample!.key}`);
    }
  }

  /** Every process draws until it has left an epoch behind. */
  async finish(epoch: number): Promise<void> {
    for (const [rank, order] of this.#orders.entries()) {
      for (;;) {
        const state = order.state();
        const { sample, epoch: drawn } = await order.next();
        if (drawn > epoch) {
          order.restore(this.#with(rank, state));
          break;
        }
        this.epochs[drawn] ??= [];
        this.epochs[drawn].push(sample!.key);
      }
    }
  }

  /** The places of all processes, with another one of one of them. */
  #with(rank: number, state: JsonValue): JsonValue[] {
    return this.#orders.map((order, i) => (i === rank ? state : order.state()));
  }
}
