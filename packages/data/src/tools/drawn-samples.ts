import type { Random, Reader, Sample } from '@simvlm/core';

export interface DrawnSamples {
  /** In the order of the data. */
  readonly samples: readonly Sample[];
  /** Samples that were read. */
  readonly total: number;
}

/**
 * Draws samples from a whole data set, each as likely (reservoir sampling: Vitter, 1985, algorithm R). All records are read, and no pictures but those
 * that a format brings with its records.
 *
 * @throws DataError for a damaged file
 */
export async function drawSamples(reader: Reader, count: number, random: Random): Promise<DrawnSamples> {
  const drawn: { sample: Sample; place: number }[] = [];
  let total = 0;
  for await (const sample of reader) {
    const place = total++;
    if (drawn.length < count) drawn.push({ sample, place });
    else {
      const seat = random.integer(total);
      if (seat < count) drawn[seat] = { sample, place };
    }
  }
  drawn.sort((a, b) => a.place - b.place);
  return { samples: drawn.map(({ sample }) => sample), total };
}

/** The first samples alone. */
export async function firstSamples(reader: Reader, count: number): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of reader) {
    samples.push(sample);
    if (samples.length === count) break;
  }
  return samples;
}
