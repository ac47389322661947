import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import {
  ConfigError,
  ImageError,
  type JsonValue,
  parseJsonObject,
  type Reader,
  type Sample,
} from '@simvlm/core';
import { readRegularFile } from '../../files';
import { Progress, type WorkSettings } from '../convert/progress';
import { sampleEntries, storedPicture } from '../convert/sample-entries';
import { type Append, writeShard } from '../convert/shard-file';
import { tarBytes } from '../convert/tar-writer';
import { writeOutput } from '../convert/write-output';
import { FetchFailure } from './failure';
import { fetchPicture, type RetryOptions } from './fetch-picture';
import { HostGate } from './host-gate';
import { type FetchReport, ReportSum, type ShardReport, ShardTally } from './report';

export interface FetchOptions extends Omit<RetryOptions, 'agents' | 'signal'> {
  /** The folder of the shards: a new one, or one in which the same list was begun. */
  readonly folder: string;
  /** What tells this work from another one. */
  readonly settings: WorkSettings;
  /** Rows of the list that make a shard, up to 10,000. */
  readonly shardSize: number;
  /** Requests at once, and with one host. */
  readonly concurrency: number;
  readonly perHost: number;
  /** Makes the stored picture of the fetched one. @throws ImageError for one that cannot be used */
  readonly picture?: (bytes: Uint8Array) => Promise<Uint8Array>;
  /** Told after each row. */
  readonly onProgress?: (done: { readonly fetched: number; readonly failed: number }) => void;
}

/** Shards that are fetched at once: the slow hosts of one do not keep the next waiting. */
const SHARDS_AT_ONCE = 2;

/** How far the work is. */
type State = {
  /** The first shard that is not complete, and where its rows begin in the list. */
  shard: number;
  source: JsonValue;
  /** Complete shards behind it. */
  done: number[];
};

/** The rows of a shard. */
interface Batch {
  readonly shard: number;
  readonly rows: readonly Sample[];
  /** Where the list stood behind the last of them. */
  readonly after: JsonValue;
}

/**
 * Fetches the pictures of a list of addresses (samples whose picture is remote) into WebDataset tar shards, with keys as img2dataset has them: the number
 * of the shard, and that of the row in it. Rows belong to shards by their place in the list, so that what was stopped goes on with the shards that
 * are not complete. Samples of a shard are in the order in which they came.
 *
 * Each shard has a report beside it (`00000_stats.json`), all together `report.json` and `sizes.json`.
 *
 * @throws ConfigError for a folder that holds something else; DataError for a damaged list; OutputError for a full disk. What cannot be fetched is in the
 *   report
 */
export async function fetchToShards(list: Reader, options: FetchOptions): Promise<FetchReport> {
  const { folder, settings } = options;
  checkUserAgent(options.userAgent);
  const progress = await Progress.open<State>(folder, 'fetch.json', settings, {
    shard: 0,
    source: list.state(),
    done: [],
  });
  const state = { ...progress.saved };
  list.restore(state.source);
  const fetcher = new ShardFetcher(options);
  const starts = new Map<number, JsonValue>();
  const complete = new Set(state.done);
  let saving: Promise<void> = Promise.resolve();
  const finish = ({ shard, after }: Batch) => {
    complete.add(shard);
    starts.set(shard + 1, after);
    // A shard is behind us when all before it are. Of those that an earlier run completed, the end is known once the list was read so far.
    while (starts.has(state.shard + 1) && complete.delete(state.shard))
      state.source = starts.get(++state.shard)!;
    const saved = { ...state, done: [...complete].sort((a, b) => a - b) };
    saving = saving.then(() => progress.save(saved));
    return saving;
  };
  const running = new Set<Promise<void>>();
  let last = state.shard;
  try {
    for await (const batch of batches(list, options.shardSize, state.shard)) {
      last = batch.shard + 1;
      const work = complete.has(batch.shard) ? finish(batch) : fetcher.fetch(batch).then(() => finish(batch));
      running.add(work);
      work.then(
        () => running.delete(work),
        () => {},
      );
      if (running.size >= SHARDS_AT_ONCE) await Promise.race(running);
    }
    await Promise.all(running);
  } finally {
    fetcher.close();
    await Promise.allSettled(running);
  }
  const sum = new ReportSum();
  for (let shard = 0; shard < last; shard++) sum.add(await readReport(folder, shard));
  const report = sum.report();
  const sizes = Object.fromEntries(report.shards.map(({ shard, fetched }) => [shard, fetched]));
  await writeOutput(join(folder, 'sizes.json'), `${JSON.stringify(sizes, null, 2)}\n`);
  await writeOutput(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

/** @throws ConfigError for one that no request can state */
function checkUserAgent(userAgent: string): void {
  try {
    http.validateHeaderValue('user-agent', userAgent);
  } catch (error) {
    throw new ConfigError(
      'CONFIG_INVALID',
      'the user agent is one line of Latin-1: no line breaks, no characters above U+00FF',
      { cause: error },
    );
  }
}

async function* batches(list: Reader, size: number, first: number): AsyncGenerator<Batch> {
  let shard = first;
  let rows: Sample[] = [];
  for await (const row of list) {
    rows.push(row);
    if (rows.length < size) continue;
    yield { shard: shard++, rows, after: list.state() };
    rows = [];
  }
  if (rows.length > 0) yield { shard, rows, after: list.state() };
}

class ShardFetcher {
  readonly #options: FetchOptions;
  readonly #gate: HostGate;
  readonly #end = new AbortController();
  readonly #agents = {
    http: new http.Agent({ keepAlive: true }),
    https: new https.Agent({ keepAlive: true }),
  };
  #fetched = 0;
  #failed = 0;

  constructor(options: FetchOptions) {
    this.#options = options;
    this.#gate = new HostGate(options.concurrency, options.perHost);
    // Every request listens: more than Node takes for a leak.
    setMaxListeners(0, this.#end.signal);
  }

  /** Writes a shard, and its report beside it. */
  async fetch({ shard, rows }: Batch): Promise<void> {
    const { folder, shardSize } = this.#options;
    const name = shardName(shard);
    const tally = new ShardTally(`${name}.tar`);
    const digits = Math.ceil(Math.log10(shardSize));
    await writeShard(join(folder, `${name}.tar`), append =>
      Promise.all(
        rows.map((row, i) => this.#fetchRow(row, `${name}${String(i).padStart(digits, '0')}`, append, tally)),
      ),
    );
    await writeOutput(join(folder, `${name}_stats.json`), `${JSON.stringify(tally.report())}\n`);
  }

  async #fetchRow(row: Sample, key: string, append: Append, tally: ShardTally): Promise<void> {
    const { picture = async bytes => bytes, onProgress } = this.#options;
    const url = row.images.find(({ isRemote }) => isRemote)?.path ?? '';
    try {
      if (url === '') throw new FetchFailure('no address');
      const options = { ...this.#options, agents: this.#agents, signal: this.#end.signal };
      await fetchPicture(url, this.#gate, options, async bytes => {
        const stored = storedPicture(await picture(bytes));
        const facts = { url, id: row.key, sha256: createHash('sha256').update(bytes).digest('hex') };
        const sample = { ...row, key, fields: { ...row.fields, ...facts } };
        await append(tarBytes(sampleEntries(sample, key, [stored])));
        tally.fetched(url, bytes.length);
        this.#fetched++;
      });
    } catch (error) {
      if (!(error instanceof FetchFailure || error instanceof ImageError)) throw this.#stopped(error);
      tally.failed(key, url, error instanceof ImageError ? 'not a picture' : error.message);
      this.#failed++;
    }
    onProgress?.({ fetched: this.#fetched, failed: this.#failed });
  }

  /** Ends all that is under way, as what happened concerns every row: a full disk. Gives that error, also for the rows that end because of it. */
  #stopped(error: unknown): unknown {
    this.#end.abort(error);
    return this.#end.signal.reason;
  }

  close(): void {
    this.#end.abort(new Error('closed'));
    this.#gate.close();
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

async function readReport(folder: string, shard: number): Promise<ShardReport> {
  const path = join(folder, `${shardName(shard)}_stats.json`);
  return parseJsonObject(await readRegularFile(path), path) as unknown as ShardReport;
}

function shardName(shard: number): string {
  return String(shard).padStart(5, '0');
}
