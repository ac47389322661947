import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { ConfigError, DataError, parseJsonObject } from '@simvlm/core';
import { convertToShards, textLines } from '@simvlm/data/node';
import { exitCode } from '../exit-code';
import { smallerPicture } from '../io/encode-picture';
import { checkOutputFolder } from '../io/output-file';
import { Terminal } from '../terminal';
import { noteSkipped, openSource } from './data-open';
import type { SourceOptions } from './data-source';

export interface DataConvertOptions extends SourceOptions {
  readonly out: string;
  readonly shardSize?: number;
  readonly shardBytes?: number;
  readonly resize?: number;
  readonly quality?: number;
  readonly without?: string;
  readonly workers?: number;
}

const SHARD_SAMPLES = 1000;
const QUALITY = 90;

/** `simvlm data convert`. */
export async function dataConvert(sources: readonly string[], options: DataConvertOptions): Promise<number> {
  const {
    out,
    shardSize = SHARD_SAMPLES,
    shardBytes,
    resize,
    quality,
    without: file,
    workers,
    ...source
  } = options;
  if (quality !== undefined && resize === undefined)
    throw new ConfigError(
      'CONFIG_INVALID',
      '--quality is that of pictures which --resize makes smaller; give both',
    );
  await checkOutputFolder(out, 'give another folder with --out');
  const without = file === undefined ? undefined : await leftOutBy(file);
  const terminal = new Terminal();
  const limit = shardBytes === undefined ? { samples: shardSize } : { bytes: shardBytes };
  const encoding = resize === undefined ? undefined : { shortSide: resize, quality: quality ?? QUALITY };
  const { shards, samples, skipped } = await convertToShards(await openSource(sources, source), {
    folder: out,
    settings: {
      sources: [...sources],
      ...source,
      ...(shardBytes === undefined ? { shardSize } : { shardBytes }),
      ...(encoding && { resize: encoding.shortSide, quality: encoding.quality }),
      without: without && fingerprint(without),
    },
    limit,
    ...(encoding && { picture: (bytes: Uint8Array) => smallerPicture(bytes, encoding) }),
    ...(without && {
      isLeftOut: (key: string, index: number) => without.has(nameOf(key)) || without.has(nameOf(key, index)),
    }),
    workers: workers ?? availableParallelism(),
    onProgress: count => count % 100 === 0 && terminal.live(`${count.toLocaleString('en')} samples`),
  });
  const count = Object.keys(shards).length;
  terminal.note(
    `${out}: ${samples.toLocaleString('en')} samples in ${count.toLocaleString('en')} ${count === 1 ? 'shard' : 'shards'}`,
  );
  noteSkipped(terminal, skipped);
  return exitCode.ok;
}

/** The samples that a file of JSON lines names, such as that of `simvlm data dedupe`, see `nameOf`. */
async function leftOutBy(file: string): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const { text, number } of textLines(file)) {
    const { key, index } = parseJsonObject(text, `${file}:${number}`);
    if (typeof key !== 'string') throw new DataError('DATA_INVALID', `${file}:${number}: no "key"`);
    if (index !== undefined && !Number.isSafeInteger(index))
      throw new DataError('DATA_INVALID', `${file}:${number}: "index" is not a whole number`);
    names.add(nameOf(key, index as number | undefined));
  }
  return names;
}

/** All samples with a key, or the one at this place in the source. */
function nameOf(key: string, index?: number): string {
  return JSON.stringify(index === undefined ? [key] : [key, index]);
}

function fingerprint(names: ReadonlySet<string>): string {
  const hash = createHash('sha256');
  for (const name of [...names].sort()) hash.update(`${name}\n`);
  return hash.digest('hex');
}
