import { type Checkpoint, FILES, jsonOf } from '@simvlm/checkpoint';
import { CheckpointError } from '@simvlm/core';
import * as z from 'zod';
import type { DoubtScale } from './scale';

const number = z.number();
const positive = number.positive();
const count = number.int().nonnegative();
const share = number.min(0).max(1);
const vector = z.array(number);
const usual = z.strictObject({ mean: number, deviation: positive });

const scale = z.strictObject({
  format: z.literal(1),
  spread: z.strictObject({
    mean: vector.min(1),
    directions: z.array(vector),
    variances: z.array(positive),
    rest: positive,
  }),
  distance: usual,
  surprise: usual,
  limit: number,
  taught: z.array(z.strictObject({ features: vector, surprise: number })).optional(),
  measured: z.strictObject({ right: count, wrong: count, rightRefused: share, wrongRefused: share }),
});

/**
 * How a checkpoint tells what it knows; undefined for one that was never calibrated.
 *
 * @param width of the model's features
 * @throws CheckpointError for a file that is none, or is another model's
 */
export async function checkpointDoubt(
  checkpoint: Checkpoint,
  width: number,
): Promise<DoubtScale | undefined> {
  if (!checkpoint.names.includes(FILES.doubt)) return undefined;
  const read = scale.safeParse(await jsonOf(checkpoint, FILES.doubt));
  if (!read.success) {
    const { path, message } = read.error.issues[0]!;
    throw refused(`${path.join('.')}: ${message}`);
  }
  const { spread, taught = [] } = read.data;
  const vectors = [spread.mean, ...spread.directions, ...taught.map(({ features }) => features)];
  if (vectors.some(({ length }) => length !== width) || spread.variances.length !== spread.directions.length)
    throw refused(`it is of another model, whose features have ${spread.mean.length} numbers, not ${width}`);
  const { taught: _, ...rest } = read.data;
  return { ...rest, ...(taught.length > 0 && { taught }) };

  function refused(what: string): CheckpointError {
    return new CheckpointError('CHECKPOINT_INVALID', `${checkpoint.where}: ${FILES.doubt}: ${what}`);
  }
}

/** The same as a file, on one line: it is numbers. Four digits are more than doubt has. */
export function doubtFile(scale: DoubtScale): Uint8Array {
  const rounded = (_: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value;
  return new TextEncoder().encode(`${JSON.stringify(scale, rounded)}\n`);
}
