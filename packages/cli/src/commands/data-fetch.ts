import { fetchToShards } from '@simvlm/data/node';
import { exitCode, version } from '../exit-code';
import { smallerPicture } from '../io/encode-picture';
import { checkOutputFolder } from '../io/output-file';
import { Terminal } from '../terminal';
import { noteSkipped, openSource } from './data-open';
import type { SourceOptions } from './data-source';

export interface DataFetchOptions extends SourceOptions {
  readonly out: string;
  readonly shardSize: number;
  readonly concurrency: number;
  readonly perHost: number;
  /** Seconds. */
  readonly timeout: number;
  readonly maxBytes: number;
  readonly retries: number;
  readonly resize?: number;
  readonly quality: number;
  readonly userAgent?: string;
  readonly allowPrivate?: boolean;
}

/** Says who asks, and how to say no. */
const USER_AGENT = `simvlm/${version} (fetches pictures for a data set; to opt out, answer "X-Robots-Tag: noai")`;

/** Milliseconds before a second try. */
const BACKOFF = 1000;

/** `simvlm data fetch`. */
export async function dataFetch(sources: readonly string[], options: DataFetchOptions): Promise<number> {
  const { format, images, annotations, split, map, out, resize, quality, ...limits } = options;
  const source = { format, images, annotations, split, map } as SourceOptions;
  await checkOutputFolder(out, 'give another folder with --out');
  const terminal = new Terminal();
  const list = await openSource(sources, source);
  const smaller = resize === undefined ? undefined : { shortSide: resize, quality };
  const report = await fetchToShards(list, {
    folder: out,
    settings: {
      sources: [...sources],
      ...source,
      shardSize: limits.shardSize,
      ...(smaller && { resize, quality }),
    },
    ...limits,
    timeout: 1000 * limits.timeout,
    allowPrivate: limits.allowPrivate ?? false,
    backoff: BACKOFF,
    userAgent: limits.userAgent ?? USER_AGENT,
    ...(smaller && { picture: (bytes: Uint8Array) => smallerPicture(bytes, smaller) }),
    onProgress: ({ fetched, failed }) =>
      terminal.live(`${fetched.toLocaleString('en')} fetched, ${failed.toLocaleString('en')} failed`),
  });
  const { fetched, rows, hostCount, shards, failed } = report;
  const number = (count: number) => count.toLocaleString('en');
  terminal.note(
    `${out}: ${number(fetched)} of ${number(rows)} pictures; shards: ${number(shards.length)}, hosts: ${number(hostCount)}`,
  );
  for (const [reason, count] of Object.entries(failed)) terminal.note(`  ${number(count)} × ${reason}`);
  noteSkipped(terminal, list.skipped());
  return exitCode.ok;
}
