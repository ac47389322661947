import { DataError, parseJsonObject } from '@simvlm/core';
import { baseName, type DataFile, wholeFile } from './folder';
import { isCount } from './part';

/**
 * How many records shards have, by `sizes.json` beside them, as webdataset has it: `{ "00000.tar": 1000 }`. It is read once, when it is first asked.
 *
 * @returns asked for a shard: undefined where there is no such file, or no such shard in it
 * @throws DataError, when asked, for a file of another shape
 */
export function shardSizes(file: DataFile | undefined): (shard: DataFile) => Promise<number | undefined> {
  let reading: Promise<ReadonlyMap<string, number>> | undefined;
  return async shard => {
    if (!file) return undefined;
    reading ??= readSizes(file);
    return (await reading).get(baseName(shard.name));
  };
}

async function readSizes(file: DataFile): Promise<ReadonlyMap<string, number>> {
  let bytes: Uint8Array;
  try {
    bytes = await wholeFile(file);
  } catch (error) {
    if (error instanceof DataError && error.code === 'DATA_NOT_FOUND') return new Map();
    throw error;
  }
  const sizes = Object.entries(parseJsonObject(bytes, file.name));
  for (const [name, size] of sizes)
    if (!isCount(size))
      throw new DataError('DATA_INVALID', `${file.name}: "${name}" must be a number of samples`);
  return new Map(sizes.map(([name, size]) => [baseName(name), size as number]));
}
