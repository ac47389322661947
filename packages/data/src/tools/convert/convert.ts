import { join } from 'node:path';
import { type JsonValue, type Reader, type Sample, SkipLog, type SkipReport } from '@simvlm/core';
import { inOrder } from '../in-order';
import { joinedReport } from '../joined-report';
import { Progress, type WorkSettings } from './progress';
import { entryName, type StoredPicture, sampleEntries, storedPicture } from './sample-entries';
import { writeShard } from './shard-file';
import { TAR_END, tarBytes } from './tar-writer';
import { writeOutput } from './write-output';

export interface ConvertOptions {
  /** The folder of the shards: a new one, or one in which the same conversion was begun. */
  readonly folder: string;
  /** What tells this conversion from another one. */
  readonly settings: WorkSettings;
  /** Where a shard ends: after so many samples, or before it would have more bytes. */
  readonly limit: { readonly samples: number } | { readonly bytes: number };
  /** Makes the stored picture of the source's; absent: it stays as it is. @throws ImageError for one that cannot be used */
  readonly picture?: (bytes: Uint8Array) => Promise<Uint8Array>;
  /** Whether a sample is left out, by its key and, as keys may repeat, its place in the source: 0, 1, … */
  readonly isLeftOut?: (key: string, index: number) => boolean;
  /** Samples whose pictures are read at once. Default 4. */
  readonly workers?: number;
  /** Told after each sample how many are written. */
  readonly onProgress?: (samples: number) => void;
}

export interface Converted {
  /** Samples of each shard, those that were there before included. */
  readonly shards: Readonly<Record<string, number>>;
  readonly samples: number;
  readonly skipped: SkipReport;
}

/** How far a conversion is. */
type State = {
  shards: Record<string, number>;
  samples: number;
  /** What the reader said behind the last sample, and how many it had given. */
  source: JsonValue;
  read: number;
  skipped: JsonValue;
};

/**
 * Writes any source as WebDataset tar shards: `00000.tar`, … and `sizes.json` with the samples of each. The same source and options give the same
 * bytes. Killed and run again, it goes on behind the last complete shard.
 *
 * @throws ConfigError for a folder that holds something else; DataError for a damaged source; OutputError for a full disk
 */
export async function convertToShards(reader: Reader, options: ConvertOptions): Promise<Converted> {
  const { folder, settings, limit, onProgress } = options;
  const skips = new SkipLog();
  const progress = await Progress.open<State>(folder, 'convert.json', settings, {
    shards: {},
    samples: 0,
    source: reader.state(),
    read: 0,
    skipped: skips.state(),
  });
  const { saved } = progress;
  reader.restore(saved.source);
  skips.restore(saved.skipped);
  const shards = { ...saved.shards };
  let { samples, read } = saved;
  const save = (source: JsonValue) =>
    progress.save({ shards, samples, source, read, skipped: skips.state() });

  // A reader that was restored at its end gives nothing more.
  const items = usable(reader, read, options, skips);
  let { value: next } = await items.next();
  while (next) {
    const name = `${String(Object.keys(shards).length).padStart(5, '0')}.tar`;
    let [count, size, after] = [0, TAR_END.length, next.after];
    await writeShard(join(folder, name), async append => {
      for (let previous: string | undefined; next; { value: next } = await items.next()) {
        const stem = entryName(next.sample.key, samples + count, previous);
        const bytes = tarBytes(sampleEntries(next.sample, stem, next.pictures));
        if (count > 0 && isFull(limit, count, size + bytes.length)) return;
        await append(bytes);
        [count, size, after, previous] = [count + 1, size + bytes.length, next.after, stem];
        read = next.index + 1;
        onProgress?.(samples + count);
      }
    });
    shards[name] = count;
    samples += count;
    await save(after);
  }
  await writeOutput(join(folder, 'sizes.json'), `${JSON.stringify(shards, null, 2)}\n`);
  await save(reader.state());
  return { shards, samples, skipped: joinedReport([reader.skipped(), skips.report()]) };
}

function isFull(limit: ConvertOptions['limit'], count: number, size: number): boolean {
  return 'samples' in limit ? count >= limit.samples : size > limit.bytes;
}

interface Usable {
  readonly sample: Sample;
  readonly pictures: readonly StoredPicture[];
  /** Its place in the source. */
  readonly index: number;
  /** Where the reader was behind it. */
  readonly after: JsonValue;
}

/** The samples with their pictures, in order; those that cannot be used are noted. */
async function* usable(
  reader: Reader,
  first: number,
  { picture = async bytes => bytes, isLeftOut, workers = 4 }: ConvertOptions,
  skips: SkipLog,
): AsyncGenerator<Usable, undefined> {
  async function* placed() {
    let index = first;
    for await (const sample of reader) {
      if (!isLeftOut?.(sample.key, index)) yield { sample, index, after: reader.state() };
      index++;
    }
  }
  const prepare = async ({ sample, index, after }: Omit<Usable, 'pictures'>) => {
    try {
      const stored = sample.images.map(async image => storedPicture(await picture(await image.bytes())));
      return { sample, index, after, pictures: await Promise.all(stored) };
    } catch (error) {
      return { sample, error };
    }
  };
  for await (const item of inOrder(placed(), workers, prepare)) {
    if (item.pictures) yield item;
    else skips.add(item.sample.key, item.error, item.sample.key);
  }
  return undefined;
}
