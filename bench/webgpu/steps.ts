import type { Observed } from './observe';
import type { Training } from './protocol';

/**
 * Training steps, one after another, each timed and counted by itself.
 *
 * @param batch number i; making it is no part of a step
 * @param step trains on a batch and gives its loss
 */
export async function measureSteps<Batch>(
  observed: Observed,
  { from, count }: { readonly from: number; readonly count: number },
  batch: (i: number) => Batch,
  step: (batch: Batch) => Promise<number>,
): Promise<Training> {
  const result: Training = { losses: [], milliseconds: [], launches: [], peakBytes: 0 };
  for (let i = from; i < from + count; i++) {
    const given = batch(i);
    const [start, before] = [performance.now(), observed.launches];
    result.losses.push(await step(given));
    result.milliseconds.push(performance.now() - start);
    result.launches.push(observed.launches - before);
  }
  return { ...result, peakBytes: observed.peakBytes };
}
