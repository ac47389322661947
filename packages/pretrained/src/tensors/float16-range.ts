import type { TensorSource } from '@simvlm/checkpoint';
import { unsupported } from '../invalid';

/** float16 ends at 65,504; what rounds to it is below this. */
const BEYOND = 65_520;

/** The same tensor; reading a number that float16 cannot hold fails. @throws CheckpointError that names the tensor, once it is read */
export function withinFloat16(name: string, tensor: TensorSource): TensorSource {
  const check = (values: Float32Array) => {
    const large = values.find(value => Math.abs(value) >= BEYOND);
    if (large !== undefined)
      throw unsupported(`"${name}" holds ${large}, which float16 cannot: keep the weights as float32`);
    return values;
  };
  return {
    shape: tensor.shape,
    read: async () => check(await tensor.read()),
    ...(tensor.readPart && {
      async readPart(begin: number, into: Float32Array) {
        await tensor.readPart!(begin, into);
        check(into);
      },
    }),
  };
}
