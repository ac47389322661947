import { hostOf } from './fetch-picture';

/** Times that each reason came up. */
type Reasons = Readonly<Record<string, number>>;

export interface HostReport {
  readonly host: string;
  readonly fetched: number;
  readonly failed: number;
  /** Of what was fetched. */
  readonly bytes: number;
}

/** What became of the rows of one shard; kept beside it. */
export interface ShardReport {
  readonly shard: string;
  readonly rows: number;
  readonly fetched: number;
  readonly failed: Reasons;
  /** As they came, before they were made smaller. */
  readonly bytes: number;
  readonly seconds: number;
  readonly hosts: readonly HostReport[];
  /** The rows that failed. */
  readonly failures: readonly { readonly key: string; readonly url: string; readonly reason: string }[];
}

/** What became of all rows: `report.json`. */
export interface FetchReport {
  readonly rows: number;
  readonly fetched: number;
  readonly failed: Reasons;
  readonly bytes: number;
  /** Those with the most rows first, up to 1,000 of them. */
  readonly hosts: readonly HostReport[];
  readonly hostCount: number;
  readonly shards: readonly Omit<ShardReport, 'hosts' | 'failures'>[];
}

const MOST_HOSTS = 1000;

/** What becomes of the rows of a shard, as it happens. */
export class ShardTally {
  readonly #shard: string;
  readonly #began = Date.now();
  readonly #hosts = new Map<string, HostReport>();
  readonly #failures: { key: string; url: string; reason: string }[] = [];
  #fetched = 0;
  #bytes = 0;

  constructor(shard: string) {
    this.#shard = shard;
  }

  fetched(url: string, bytes: number): void {
    this.#fetched++;
    this.#bytes += bytes;
    addHost(this.#hosts, { host: hostOf(url), fetched: 1, failed: 0, bytes });
  }

  failed(key: string, url: string, reason: string): void {
    this.#failures.push({ key, url, reason });
    addHost(this.#hosts, { host: hostOf(url), fetched: 0, failed: 1, bytes: 0 });
  }

  report(): ShardReport {
    const failed = new Map<string, number>();
    for (const { reason } of this.#failures) failed.set(reason, (failed.get(reason) ?? 0) + 1);
    return {
      shard: this.#shard,
      rows: this.#fetched + this.#failures.length,
      fetched: this.#fetched,
      failed: Object.fromEntries(failed),
      bytes: this.#bytes,
      seconds: (Date.now() - this.#began) / 1000,
      hosts: [...this.#hosts.values()],
      failures: this.#failures.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    };
  }
}

/** The report on all shards, which are given one by one: what each says of its failures is not kept. */
export class ReportSum {
  readonly #hosts = new Map<string, HostReport>();
  readonly #failed = new Map<string, number>();
  readonly #shards: FetchReport['shards'][number][] = [];

  add({ hosts, failures: _, ...shard }: ShardReport): void {
    for (const host of hosts) addHost(this.#hosts, host);
    for (const [reason, count] of Object.entries(shard.failed))
      this.#failed.set(reason, (this.#failed.get(reason) ?? 0) + count);
    this.#shards.push(shard);
  }

  report(): FetchReport {
    const sum = (part: 'rows' | 'fetched' | 'bytes') =>
      this.#shards.reduce((total, shard) => total + shard[part], 0);
    const byRows = [...this.#hosts.values()].sort((a, b) => b.fetched + b.failed - a.fetched - a.failed);
    return {
      rows: sum('rows'),
      fetched: sum('fetched'),
      failed: Object.fromEntries([...this.#failed].sort(([, a], [, b]) => b - a)),
      bytes: sum('bytes'),
      hosts: byRows.slice(0, MOST_HOSTS),
      hostCount: this.#hosts.size,
      shards: this.#shards,
    };
  }
}

function addHost(hosts: Map<string, HostReport>, more: HostReport): void {
  const { host } = more;
  const known = hosts.get(host) ?? { host, fetched: 0, failed: 0, bytes: 0 };
  hosts.set(host, {
    host,
    fetched: known.fetched + more.fetched,
    failed: known.failed + more.failed,
    bytes: known.bytes + more.bytes,
  });
}
