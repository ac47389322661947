import type { OrderOptions, Reader, SampleOrder, SampleSource } from '@simvlm/core';
import { outcomeOf, type Part } from '../readers/part';
import { completed, type PartsOptions, PartsReader } from '../readers/parts-reader';
import { identityOf, inGroups } from './identity';
import { PartsOrder } from './parts-order';

/**
 * A source of parts, such as the shards of a data set: what every format is made of, and data of one's own that come in parts.
 *
 * An epoch takes the parts in an order of its own. Several processes take blocks of it in turn: as many records each, to one. Of these, as many
 * records as a window has are read, mixed and given; then the next.
 *
 * @param format its name, such as `webdataset`
 */
export function partsSource(
  format: string,
  parts: readonly Part[],
  options: PartsOptions = {},
): SampleSource {
  return new PartsSource(format, parts, options);
}

class PartsSource implements SampleSource {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly split: string | undefined;
  readonly #format: string;
  #identity: Promise<string> | undefined;
  #counts: Promise<readonly number[]> | undefined;

  constructor(format: string, parts: readonly Part[], { split }: PartsOptions) {
    this.#format = format;
    this.parts = parts;
    this.split = split;
    const others = parts.length > 1 ? ` and ${parts.length - 1} more` : '';
    this.name = `${parts[0]?.name ?? format}${others}`;
  }

  read(): Reader {
    return new PartsReader(this.#format, this.parts, this);
  }

  order(options: OrderOptions): SampleOrder {
    return new PartsOrder(this, options);
  }

  identity(): Promise<string> {
    return (this.#identity ??= again(
      () => identityOf(this.#format, this.parts, this.split),
      () => (this.#identity = undefined),
    ));
  }

  counts(): Promise<readonly number[]> {
    return (this.#counts ??= again(
      () => countsOf(this.parts),
      () => (this.#counts = undefined),
    ));
  }

  async count(): Promise<number> {
    if (this.split === undefined) return sum(await this.counts());
    const counts: number[] = [];
    for (const part of this.parts) counts.push(await this.#chosen(part));
    return sum(counts);
  }

  /** The records of a part that are not of another split. */
  async #chosen(part: Part): Promise<number> {
    // What is a split by its name is one as a whole.
    const whole = part.split === undefined ? undefined : await part.count?.();
    if (whole !== undefined) return whole;
    let count = 0;
    for await (const row of part.rows(undefined)) {
      const { sample, problem } = outcomeOf(row);
      if (problem || (sample && completed(sample, part, this.split))) count++;
    }
    return count;
  }
}

/** Records of each part; of those that do not say, by reading them, one part after another. */
async function countsOf(parts: readonly Part[]): Promise<readonly number[]> {
  const known = await inGroups(parts, async part => part.count?.());
  const counts: number[] = [];
  for (const [i, part] of parts.entries()) counts.push(known[i] ?? (await rowsOf(part)));
  return counts;
}

async function rowsOf(part: Part): Promise<number> {
  let count = 0;
  for await (const _ of part.rows(undefined)) count++;
  return count;
}

/** A promise that is forgotten when it fails, so that it can be tried again. */
function again<T>(make: () => Promise<T>, forget: () => void): Promise<T> {
  const made = make();
  made.catch(forget);
  return made;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
