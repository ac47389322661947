import type { TensorSet, WeightType } from '@simvlm/checkpoint';
import { CheckpointError, type Registry } from '@simvlm/core';
import { integerTensors, numberTensors, type SimVlmConfig } from '@simvlm/model';

/** How the weights of a checkpoint are written: `int8` and `int4` are used as integers wherever the checkpoint is. */
export type WeightForm = 'float32' | 'float16' | 'int8' | 'int4';

const BITS = { float32: undefined, float16: undefined, int8: 8, int4: 4 } as const;

/** What `contentsForUse` needs to write weights in another form. */
interface FormedWeights {
  readonly weights: TensorSet;
  readonly model: SimVlmConfig;
  readonly dtype: WeightType;
}

/**
 * Weights in another form, a tensor at a time as they are asked for.
 *
 * @param form default: integers of as many bits as they have, float32 of others
 * @throws CheckpointError for a number that float16 cannot be; where it is checked all numbers are read
 */
export async function weightsAs(
  set: TensorSet,
  config: SimVlmConfig,
  form: WeightForm | undefined,
  registry: Registry,
): Promise<FormedWeights> {
  const { weights: before, ...plain } = config;
  const bits = form === undefined ? before?.bits : BITS[form];
  if (bits !== undefined) {
    const same = before?.bits === bits;
    const model: SimVlmConfig = { ...plain, weights: same ? before : { bits } };
    const source = same ? set : numberTensors(set, config, 'all', registry);
    return { weights: integerTensors(source, model, registry), model, dtype: 'F32' };
  }
  const weights = numberTensors(set, config, 'all', registry);
  if (form === 'float16') await checkFloat16(weights);
  return { weights, model: plain, dtype: form === 'float16' ? 'F16' : 'F32' };
}

/** float16 ends at 65,504; what rounds to it is below 65,520. */
async function checkFloat16({ tensors }: TensorSet): Promise<void> {
  for (const [name, tensor] of tensors) {
    let largest = 0;
    for (const value of await tensor.read()) if (Math.abs(value) > largest) largest = Math.abs(value);
    if (largest >= 65_520)
      throw new CheckpointError(
        'CHECKPOINT_MISMATCH',
        `"${name}" holds ${largest}, which float16 cannot: write the weights as float32`,
      );
  }
}
