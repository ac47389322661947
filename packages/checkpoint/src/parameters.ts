import { CHUNK_BYTES } from '@simvlm/bytes';
import { CheckpointError, type ParameterTree } from '@simvlm/core';
import { countOf } from './safetensors/layout';
import type { TensorSet, TensorSource } from './safetensors/types';
import { bytesOfWords, storedShape } from './stored';

type Shaped = { readonly shape: readonly number[] };
type Typed = Shaped & { readonly dtype: string };

/**
 * Parameters, tensors of any library, as sources: their numbers are fetched from the device when they are asked for, in the tree's order. One of
 * int32 words is a tensor of their bytes.
 *
 * @param partReader what reads one in parts (`partReader` of `@simvlm/ops`), where that can be done
 */
export function parameterSources<P extends Typed & { data(): Promise<ArrayLike<number>> }>(
  params: ParameterTree<P>,
  partReader: (parameter: P) => ((begin: number, into: Float32Array) => void) | undefined,
): [string, TensorSource][] {
  return [...params].map(([name, tensor]) => {
    if (tensor.dtype === 'int32') {
      const read = async () => bytesOfWords((await tensor.data()) as Int32Array);
      return [name, { shape: storedShape(tensor), dtype: 'I8', read }];
    }
    const readPart = partReader(tensor);
    return [
      name,
      {
        shape: tensor.shape,
        read: async () => (await tensor.data()) as Float32Array,
        ...(readPart && { readPart: async (begin: number, into: Float32Array) => readPart(begin, into) }),
      },
    ];
  });
}

/**
 * Compares names and shapes of a file with those of parameters.
 *
 * @param what how a message names what is loaded, such as `weights`
 * @throws CheckpointError when one is missing, too many or of another shape
 */
export function checkFits(
  params: ParameterTree<Typed>,
  tensors: ReadonlyMap<string, Shaped>,
  what: string,
): void {
  for (const name of tensors.keys()) {
    if (!params.has(name))
      throw new CheckpointError('CHECKPOINT_MISMATCH', `${what}: this model has no "${name}"`);
  }
  for (const [name, parameter] of params)
    checkShape(name, storedShape(parameter), tensors.get(name)?.shape, what);
}

/** @throws CheckpointError when a tensor of a file is missing or of another shape */
export function checkShape(
  name: string,
  needed: readonly number[],
  found: readonly number[] | undefined,
  what: string,
): void {
  if (!found) throw new CheckpointError('CHECKPOINT_MISMATCH', `${what}: "${name}" is missing`);
  if (found.join() !== needed.join())
    throw new CheckpointError(
      'CHECKPOINT_MISMATCH',
      `${what}: "${name}" is [${found}], this model needs [${needed}]`,
    );
}

/** How a parameter's numbers are written: `deviceWriter` of `@simvlm/ops` for tensors of tfjs. */
export interface ParameterWriter<P> {
  /** Gives a parameter other numbers, as many as it has; for one of int32 words, its bytes. */
  assign(parameter: P, values: Float32Array): void;
  /** What overwrites a parameter's numbers from number `begin` on, in its own memory; none where it has to be replaced as a whole. */
  partWriter(parameter: P): ((begin: number, values: Float32Array) => void) | undefined;
}

/** Numbers of a tensor that are read and written at once, at most. */
const PART = CHUNK_BYTES / 4;

/**
 * Gives parameters the numbers of open tensors, one tensor at a time; where writer and file allow it, straight into the parameters' memory,
 * a part at a time. Names and shapes are checked first.
 *
 * @throws CheckpointError as `checkFits`, and when a tensor cannot be read: then some parameters have their new numbers, wholly or in part
 */
export async function restoreParameters<P extends Typed>(
  params: ParameterTree<P>,
  { tensors }: Pick<TensorSet, 'tensors'>,
  what: string,
  writer: ParameterWriter<P>,
): Promise<void> {
  checkFits(params, tensors, what);
  const sizes = params.values().map(({ shape }) => countOf(shape));
  // One for all: a new one for each tensor would be as much garbage as there are weights.
  const buffer = new Float32Array(Math.min(PART, Math.max(0, ...sizes)));
  for (const [name, parameter] of params) {
    const source = tensors.get(name)!;
    const write = source.readPart && writer.partWriter(parameter);
    if (!write) {
      writer.assign(parameter, await source.read());
      continue;
    }
    const count = countOf(parameter.shape);
    for (let at = 0; at < count; at += PART) {
      const part = buffer.subarray(0, count - at);
      await source.readPart!(at, part);
      write(at, part);
    }
  }
}
