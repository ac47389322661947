import {
  type Checkpoint,
  checkFiniteValues,
  hasTensors,
  jsonOf,
  openTensors,
  type TensorSource,
} from '@simvlm/checkpoint';
import { CheckpointError } from '@simvlm/core';
import { openTorchFile } from '../torch/open-torch-file';

/** A tensor of theirs, and the file that it stands in. */
export interface TheirTensor extends TensorSource {
  readonly file: string;
}

const SAFE = 'model';
const TORCH = 'pytorch_model.bin';

/**
 * The tensors of a folder: names and shapes are read, numbers when they are asked for. `model.safetensors`, whole or in shards, or else
 * `pytorch_model.bin`, of which nothing is executed. Reading a number that is not finite fails.
 *
 * @throws CheckpointError that names the file when there are none, or they are damaged
 */
export async function openWeights(files: Checkpoint): Promise<Map<string, TheirTensor>> {
  if (hasTensors(files, SAFE)) return openSafe(files);
  const tensors = new Map<string, TheirTensor>();
  for (const file of await torchFiles(files))
    for (const [name, tensor] of await openTorchFile(await files.file(file), `${files.where}: ${file}`))
      tensors.set(name, finite(files.where, file, name, tensor));
  return tensors;
}

async function openSafe(files: Checkpoint): Promise<Map<string, TheirTensor>> {
  const { tensors } = await openTensors(files, SAFE, { closed: true });
  const index = `${SAFE}.safetensors.index.json`;
  const map = files.names.includes(index)
    ? ((await jsonOf(files, index)).weight_map as Record<string, string>)
    : undefined;
  return new Map(
    [...tensors].map(([name, tensor]) => [
      name,
      finite(files.where, map?.[name] ?? `${SAFE}.safetensors`, name, tensor),
    ]),
  );
}

async function torchFiles(files: Checkpoint): Promise<string[]> {
  if (files.names.includes(TORCH)) return [TORCH];
  const index = `${TORCH}.index.json`;
  if (!files.names.includes(index))
    throw new CheckpointError(
      'CHECKPOINT_INVALID',
      `${files.where} has no weights: no ${SAFE}.safetensors and no ${TORCH}; it holds ${files.names.join(', ') || 'nothing'}`,
    );
  const { weight_map: map } = await jsonOf(files, index);
  const names = Object.values((map ?? {}) as Record<string, unknown>);
  const wrong = names.find(name => typeof name !== 'string' || !files.names.includes(name));
  if (names.length === 0 || wrong !== undefined)
    throw new CheckpointError(
      'CHECKPOINT_INVALID',
      `${files.where}: ${index} names ${names.length === 0 ? 'no file' : `${JSON.stringify(wrong)}, which is not there`}`,
    );
  return [...new Set(names as string[])];
}

function finite(where: string, file: string, name: string, tensor: TensorSource): TheirTensor {
  const what = `${where}: ${file}`;
  if (tensor.dtype === 'I8')
    return {
      file,
      shape: tensor.shape,
      async read() {
        throw new CheckpointError(
          'WEIGHTS_INVALID',
          `${what}: "${name}" holds integers of 8 bits, which are no weights without their scales; give a folder in float32, float16 or bfloat16`,
        );
      },
    };
  return {
    file,
    shape: tensor.shape,
    async read() {
      const values = await tensor.read();
      checkFiniteValues(name, values, what);
      return values;
    },
    ...(tensor.readPart && {
      async readPart(begin: number, into: Float32Array) {
        await tensor.readPart!(begin, into);
        checkFiniteValues(name, into, what, begin);
      },
    }),
  };
}
