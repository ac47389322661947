import type { FileContent } from '@simvlm/bytes';
import { CheckpointError } from '@simvlm/core';
import { type Checkpoint, jsonFile, jsonOf } from './checkpoint';
import { openSafetensors } from './safetensors/read';
import type { TensorSet, TensorSource, WeightType } from './safetensors/types';
import { bytesOf, safetensorsContent } from './safetensors/write';

/** A file of tensors has at most so many bytes of numbers; more go to shards with an index. */
export const SHARD_BYTES = 2 ** 30;

export interface TensorFileOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Of those that do not say; default F32. */
  readonly dtype?: WeightType;
  /** Default `SHARD_BYTES`. A tensor above it has a shard of its own. */
  readonly shardBytes?: number;
}

/**
 * The files that hold tensors: `weights.safetensors`, or, where one would be above `shardBytes`, `weights-00001-of-00003.safetensors` and so
 * on beside `weights.safetensors.index.json`, as Hugging Face lays them out.
 *
 * @param name such as `weights`
 * @returns name and content of each file; a tensor is read as its bytes are due
 */
export function tensorFiles(
  name: string,
  tensors: Iterable<readonly [string, TensorSource]>,
  { metadata = {}, dtype = 'F32', shardBytes = SHARD_BYTES }: TensorFileOptions = {},
): [string, Uint8Array | FileContent][] {
  const shards = sharded(tensors, dtype, shardBytes);
  if (shards.length <= 1)
    return [[`${name}.safetensors`, safetensorsContent(shards[0] ?? [], metadata, dtype)]];
  const number = (count: number) => String(count).padStart(5, '0');
  const files: [string, Uint8Array | FileContent][] = [];
  const weightMap: Record<string, string> = Object.create(null);
  let total = 0;
  for (const [i, shard] of shards.entries()) {
    const file = `${name}-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    files.push([file, safetensorsContent(shard, metadata, dtype)]);
    for (const [name, tensor] of shard) {
      weightMap[name] = file;
      total += bytesOf(tensor, dtype);
    }
  }
  files.push([indexOf(name), jsonFile({ metadata: { total_size: total }, weight_map: weightMap })]);
  return files;
}

/** Whether a checkpoint has these tensors, whole or in shards. */
export function hasTensors({ names }: Checkpoint, name: string): boolean {
  return names.includes(`${name}.safetensors`) || names.includes(indexOf(name));
}

/** The safetensors files of these tensors: one, or the shards. */
export function tensorFileNames({ names }: Checkpoint, name: string): string[] {
  return names.filter(
    file => file.endsWith('.safetensors') && (file.startsWith(`${name}.`) || file.startsWith(`${name}-`)),
  );
}

/**
 * Opens the tensors of a checkpoint: names and shapes are read, numbers when they are asked for.
 *
 * @param name such as `weights`
 * @throws CheckpointError when they are missing or damaged, or when index and shards disagree
 */
export async function openTensors(
  checkpoint: Checkpoint,
  name: string,
  {
    verify = !checkpoint.remote,
    closed,
  }: {
    /** Reads the files once before they are opened, to know that no byte has changed; default: true, and false for a remote checkpoint. */
    readonly verify?: boolean;
    /** Whether the files may hold tensors of types that are not read; default false. */
    readonly closed?: boolean;
  } = {},
): Promise<TensorSet> {
  const open = async (file: string) => {
    const source = await checkpoint.file(file);
    if (verify) await checkpoint.verify(file);
    try {
      return await openSafetensors(source, { closed });
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      throw new CheckpointError(error.code, `${checkpoint.where}: ${file}: ${error.message}`, {
        cause: error,
      });
    }
  };
  if (!checkpoint.names.includes(indexOf(name))) return open(`${name}.safetensors`);
  const places = await readIndex(checkpoint, indexOf(name));
  const tensors = new Map<string, TensorSource>();
  let metadata: Readonly<Record<string, string>> = {};
  for (const file of new Set(places.values())) {
    const shard = await open(file);
    metadata = shard.metadata;
    for (const [tensor, source] of shard.tensors) {
      if (places.get(tensor) !== file)
        throw disagrees(checkpoint, name, `"${tensor}" is in ${file}, and not by the index`);
      tensors.set(tensor, source);
    }
  }
  const missing = [...places.keys()].find(tensor => !tensors.has(tensor));
  if (missing !== undefined)
    throw disagrees(checkpoint, name, `"${missing}" is not in ${places.get(missing)}`);
  return { tensors, metadata };
}

function indexOf(name: string): string {
  return `${name}.safetensors.index.json`;
}

/** Tensors in order, as many to a shard as fit. */
function sharded(
  tensors: Iterable<readonly [string, TensorSource]>,
  dtype: WeightType,
  limit: number,
): [string, TensorSource][][] {
  const shards: [string, TensorSource][][] = [];
  let room = 0;
  for (const [name, tensor] of tensors) {
    const bytes = bytesOf(tensor, dtype);
    if (shards.length === 0 || bytes > room) {
      shards.push([]);
      room = limit;
    }
    shards.at(-1)!.push([name, tensor]);
    room -= bytes;
  }
  return shards;
}

/** The file of each tensor. */
async function readIndex(checkpoint: Checkpoint, name: string): Promise<Map<string, string>> {
  const { weight_map: map } = await jsonOf(checkpoint, name);
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw disagrees(checkpoint, name, 'it has no "weight_map"');
  const places = new Map<string, string>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !checkpoint.names.includes(file))
      throw disagrees(
        checkpoint,
        name,
        `"${tensor}" is said to be in ${JSON.stringify(file)}, which is not there`,
      );
    places.set(tensor, file);
  }
  return places;
}

function disagrees({ where }: Checkpoint, name: string, what: string): CheckpointError {
  return new CheckpointError(
    'CHECKPOINT_INVALID',
    `${where}: the index of ${name} is wrong: ${what}; use another checkpoint`,
  );
}
