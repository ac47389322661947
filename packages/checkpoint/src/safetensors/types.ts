import { CheckpointError } from '@simvlm/core';

/** A tensor in memory. */
export interface SafeTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** As what it is written, whatever the others are. */
  readonly dtype?: WeightType;
}

/** A tensor whose numbers are read when they are asked for: of a file, of a model on a device. */
export interface TensorSource {
  readonly shape: readonly number[];
  /** As what it is written, whatever the others are: `I8` for what is no number but bytes, as `I8` files give them. */
  readonly dtype?: WeightType;
  /** Row-major; the caller must not change them. */
  read(): Promise<Float32Array>;
  /**
   * Fills `into` with the numbers from number `begin` on: of a large tensor a part at a time, in memory that is used again. Missing where
   * the tensor can only be had as a whole.
   */
  readonly readPart?: (begin: number, into: Float32Array) => Promise<void>;
}

/** Named tensors in a fixed order. Names and shapes are known; numbers are read when they are asked for. */
export interface TensorSet {
  readonly tensors: ReadonlyMap<string, TensorSource>;
  /** What the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** How numbers are written: exactly, rounded to the nearest IEEE 754 binary16 for files of half the size, or those from −128 to 127 as bytes. */
export type WeightType = 'F32' | 'F16' | 'I8';

/** Tensors in memory as sources. */
export function tensorSources(tensors: Iterable<readonly [string, SafeTensor]>): Map<string, TensorSource> {
  return new Map(
    [...tensors].map(([name, { values, ...rest }]) => [name, { ...rest, read: async () => values }]),
  );
}

/** Reads every tensor: for files that are known to be small, and weights that are worked on as a whole. */
export async function readAll({ tensors }: TensorSet): Promise<Map<string, SafeTensor>> {
  const all = new Map<string, SafeTensor>();
  for (const [name, { shape, dtype, read }] of tensors)
    all.set(name, { shape, ...(dtype && { dtype }), values: await read() });
  return all;
}

/**
 * Refuses NaN and infinities: a model that has them gives garbage without a word.
 *
 * @param what names the tensors in the message, such as `weights`
 * @throws CheckpointError WEIGHTS_INVALID that names the tensor
 */
export async function checkFinite({ tensors }: TensorSet, what: string): Promise<void> {
  for (const [name, tensor] of tensors) checkFiniteValues(name, await tensor.read(), what);
}

/** The same tensors; reading one that holds NaN or an infinity fails, as `checkFinite` does. For tensors that are all read anyway, and once. */
export function finiteTensors({ tensors, metadata }: TensorSet, what: string): TensorSet {
  const checked = [...tensors].map(([name, tensor]): [string, TensorSource] => [
    name,
    {
      ...tensor,
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
    },
  ]);
  return { tensors: new Map(checked), metadata };
}

/** As `checkFinite`, of one tensor, or of a part of it that begins with number `begin`. */
export function checkFiniteValues(name: string, values: Float32Array, what: string, begin = 0): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // True of NaN and of both infinities.
    if (value - value !== 0)
      throw new CheckpointError(
        'WEIGHTS_INVALID',
        `${what}: "${name}" holds ${value} at place ${begin + i}, which is not a finite number; use an earlier checkpoint`,
      );
  }
}
