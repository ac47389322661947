import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImageError, type Sample } from '@simvlm/core';
import { openReader } from '@simvlm/data';
import { type FetchOptions, fetchToShards, placeAt } from '@simvlm/data/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HostGate } from '../../src/tools/fetch/host-gate';
import { optsOut } from '../../src/tools/fetch/opt-out';
import { isPublicAddress } from '../../src/tools/fetch/public-network';
import { readAll, sha256 } from '../readers/read-all';
import { missing, pngHeader, readerOf } from './fixture';
import { pictureServer } from './picture-server';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simvlm-fetch-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options = (more: Partial<FetchOptions> = {}): FetchOptions => ({
  folder: join(folder, 'out'),
  settings: { sources: ['list'] },
  shardSize: 10,
  concurrency: 16,
  perHost: 16,
  userAgent: 'simvlm test',
  timeout: 10_000,
  maxBytes: 100_000,
  retries: 2,
  backoff: 1,
  allowPrivate: true,
  ...more,
});

const rows = (urls: readonly string[]): Sample[] =>
  urls.map((url, i) => ({
    key: `row ${i}`,
    images: [{ ...missing(url), isRemote: true }],
    text: `text ${i}`,
  }));
const numbered = (url: string, count: number) => Array.from({ length: count }, (_, i) => `${url}/${i}.png`);
const fetched = async () => {
  const samples = await readAll(await openReader(await placeAt([join(folder, 'out')])));
  return samples.toSorted((a, b) => (a.key < b.key ? -1 : 1));
};

test('writes shards with the keys of img2dataset, where each picture came from, and a report', async () => {
  const server = await pictureServer();
  const report = await fetchToShards(readerOf(rows(numbered(server.url, 25))), options());
  const samples = await fetched();
  expect(samples.map(({ key }) => key)).toEqual(
    Array.from({ length: 25 }, (_, i) => `0000${Math.floor(i / 10)}${i % 10}`),
  );
  expect(samples[13]).toMatchObject({
    text: 'text 13',
    fields: { url: `${server.url}/13.png`, id: 'row 13', sha256: sha256(pngHeader(20, 10, 13)) },
  });
  expect(report).toMatchObject({ rows: 25, fetched: 25, failed: {}, hostCount: 1 });
  expect(report.hosts).toEqual([
    { host: new URL(server.url).host, fetched: 25, failed: 0, bytes: report.bytes },
  ]);
  expect(report.shards.map(({ shard, rows }) => [shard, rows])).toEqual([
    ['00000.tar', 10],
    ['00001.tar', 10],
    ['00002.tar', 5],
  ]);
  const written = (name: string) => JSON.parse(readFileSync(join(folder, 'out', name), 'utf8'));
  expect(written('report.json')).toEqual(report);
  expect(written('sizes.json')).toEqual({ '00000.tar': 10, '00001.tar': 10, '00002.tar': 5 });
});

test('whatever a server does is a picture or a counted reason', async () => {
  const server = await pictureServer();
  const reasons: [path: string, reason: string | undefined, requests: number][] = [
    ['/busy.png', undefined, 3],
    ['/moved.png', undefined, 1],
    ['/missing.png', 'http 404', 1],
    ['/broken.png', 'http 503', 3],
    ['/circle.png', 'too many redirects', 6],
    ['/file.png', 'not an http address', 1],
    ['/page.png', 'not a picture', 1],
    ['/drawing.png', 'not a picture', 1],
    ['/empty.png', 'not a picture', 1],
    ['/opted-out.png', 'opted out (X-Robots-Tag)', 1],
    ['/giant.png', 'too many bytes', 1],
    ['/endless.png', 'too many bytes', 1],
    ['/pixels.png', 'too many pixels', 1],
    ['/cut.png', 'connection broke off', 3],
  ];
  const urls = [
    ...reasons.map(([path]) => server.url + path),
    'http://127.0.0.1:9/a.png',
    'ftp://x/a.png',
    'no address',
  ];
  const report = await fetchToShards(
    readerOf([...rows(urls), { key: 'local', images: [] }]),
    options({ shardSize: 100 }),
  );
  const stats = JSON.parse(readFileSync(join(folder, 'out', '00000_stats.json'), 'utf8'));
  const failures = new Map(stats.failures.map(({ url, reason }: Record<string, string>) => [url, reason]));
  for (const [path, reason, requests] of reasons) {
    expect([path, failures.get(server.url + path)]).toEqual([path, reason]);
    expect([path, server.requests.filter(each => each === path).length]).toEqual([path, requests]);
  }
  expect(failures.get('http://127.0.0.1:9/a.png')).toBe('connection refused');
  expect(failures.get('ftp://x/a.png')).toBe('not an http address');
  expect(failures.get('no address')).toBe('not an http address');
  expect(report).toMatchObject({ rows: 18, fetched: 2 });
  expect(report.failed['no address']).toBe(1);
  expect((await fetched()).map(({ text }) => text)).toEqual(['text 0', 'text 1']);
});

test('a server that never answers is left after the time for a try', async () => {
  const server = await pictureServer();
  const report = await fetchToShards(
    readerOf(rows([`${server.url}/silent.png`])),
    options({ timeout: 50, retries: 1 }),
  );
  expect(report.failed).toEqual({ timeout: 1 });
  expect(server.requests).toHaveLength(2);
});

test('a host that asks for a long pause is not asked again', async () => {
  const server = await pictureServer();
  const urls = [`${server.url}/closed.png`, ...numbered(server.url, 5)];
  const report = await fetchToShards(readerOf(rows(urls)), options({ concurrency: 1 }));
  expect(report.failed).toEqual({ 'http 429': 1, 'the host asks to wait': 5 });
  expect(server.requests).toEqual(['/closed.png']);
});

test('no host gets more requests at once than allowed', async () => {
  const server = await pictureServer(() => sleep(2));
  await fetchToShards(readerOf(rows(numbered(server.url, 30))), options({ perHost: 3 }));
  expect(server.most()).toBe(3);
});

test('private addresses are refused: in numbers, by name, in any spelling', async () => {
  const server = await pictureServer();
  const { port } = new URL(server.url);
  const hosts = [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '2130706433',
    '0x7f.1',
    '[::ffff:127.0.0.1]',
    '10.0.0.1',
    '169.254.169.254',
  ];
  const urls = hosts.map(host => `http://${host}:${port}/1.png`);
  const report = await fetchToShards(readerOf(rows(urls)), options({ allowPrivate: false }));
  expect(report.failed).toEqual({ 'private address': hosts.length });
  expect(server.requests).toEqual([]);
});

describe('stopped and run again', () => {
  test.each([1, 7, 15, 24])(
    'after %i rows, the result is the same set, and complete shards are not fetched again',
    async stop => {
      const server = await pictureServer();
      const list = rows(numbered(server.url, 25));
      let done = 0;
      const stopped = options({
        concurrency: 1,
        onProgress: () => {
          if (++done === stop) throw new Error('killed');
        },
      });
      await expect(fetchToShards(readerOf(list), stopped)).rejects.toThrow('killed');
      const names = readdirSync(join(folder, 'out'));
      expect(names.filter(name => name.includes('.tmp-'))).toEqual([]);
      const before = names.filter(name => name.endsWith('.tar')).length;
      server.requests.length = 0;
      const report = await fetchToShards(readerOf(list), options());
      expect(report).toMatchObject({ rows: 25, fetched: 25 });
      expect((await fetched()).map(({ text }) => text)).toEqual(list.map(({ text }) => text));
      expect(server.requests).toHaveLength(25 - 10 * before);
    },
  );

  test('when all is there, nothing is asked, and the report is the same', async () => {
    const server = await pictureServer();
    const list = rows(numbered(server.url, 25));
    const first = await fetchToShards(readerOf(list), options());
    server.requests.length = 0;
    expect(await fetchToShards(readerOf(list), options())).toEqual(first);
    expect(server.requests).toEqual([]);
  });
});

test('a picture that cannot be made smaller is a counted failure', async () => {
  const server = await pictureServer();
  const picture = async (bytes: Uint8Array) => {
    if (bytes.length === pngHeader(1, 1, 2).length) throw new ImageError('IMAGE_UNREADABLE', 'damaged');
    return pngHeader(4, 4);
  };
  const report = await fetchToShards(readerOf(rows(numbered(server.url, 4))), options({ picture }));
  expect(report).toMatchObject({ fetched: 3, failed: { 'not a picture': 1 } });
});

test.each([
  ['noai', true],
  ['all', false],
  ['max-snippet:20, NoImageAI', true],
  ['googlebot: noai, noindex', false],
  ['simvlm: noai', true],
  ['googlebot: nofollow, simvlm: noimageindex', true],
  ['nofollow, noarchive', false],
])('X-Robots-Tag: %s opts out: %s', (value, out) => {
  expect(optsOut(['Content-Type', 'image/png', 'X-Robots-Tag', value])).toBe(out);
});

test('only addresses of the public network are public', () => {
  const open = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'];
  const closed = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.9.9.9',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:0:10.0.0.1',
    '3fff::1',
    '5f00::1',
    'fec0::1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    'fd00::1',
    'fe80::1',
    'ff02::1',
    'name',
  ];
  expect(open.filter(address => !isPublicAddress(address))).toEqual([]);
  expect(closed.filter(isPublicAddress)).toEqual([]);
});

test('work with a busy host does not keep other work waiting, and a pause ends by itself', async () => {
  const gate = new HostGate(10, 1);
  const began: string[] = [];
  let free = () => {};
  const first = gate.run(
    'a',
    () =>
      new Promise<void>(resolve => {
        free = resolve;
      }),
  );
  const second = gate.run('a', async () => began.push('a'));
  await gate.run('b', async () => began.push('b'));
  expect(began).toEqual(['b']);
  free();
  await Promise.all([first, second]);
  gate.hold('a', 5);
  await gate.run('a', async () => began.push('later'));
  expect(began).toEqual(['b', 'a', 'later']);
});

describe('a host that is held', () => {
  test('lets work go on when the hold ends, also one that was too long to wait for when it began', async () => {
    const gate = new HostGate(1, 1, 20);
    const began = Date.now();
    gate.hold('a', 40);
    expect(gate.isClosed('a')).toBe(true);
    await sleep(25);
    expect(gate.isClosed('a')).toBe(false);
    expect(await gate.run('a', async () => Date.now() - began)).toBeGreaterThanOrEqual(40);
  });

  test('for longer than a timer can run does not start what waits at once', async () => {
    const gate = new HostGate(1, 1, Number.MAX_VALUE);
    gate.hold('a', 2 ** 40);
    let began = false;
    const work = gate.run('a', async () => {
      began = true;
    });
    await sleep(10);
    expect(began).toBe(false);
    gate.close();
    await work;
  });
});

test('a hold that is over at once leaves the places of the host as they are', async () => {
  const gate = new HostGate(10, 1);
  gate.hold('a', 0);
  let [now, most] = [0, 0];
  const work = async () => {
    most = Math.max(most, ++now);
    await sleep(10);
    now--;
  };
  const first = gate.run('a', work);
  await sleep(5);
  await Promise.all([first, gate.run('a', work)]);
  expect(most).toBe(1);
});

test('twenty thousand rows of one host wait without slowing each other down, and other hosts do not wait for them', async () => {
  const gate = new HostGate(4, 2);
  const order: string[] = [];
  const run = (host: string) => gate.run(host, async () => void order.push(host));
  const all = Array.from({ length: 20_000 }, () => run('a'));
  all.push(run('b'));
  await Promise.all(all);
  expect(order).toHaveLength(20_001);
  expect(order.indexOf('b')).toBeLessThan(10);
});

test('a state that is saved has a place in the list, whatever shards were complete before', async () => {
  const server = await pictureServer();
  const list = rows(numbered(server.url, 35));
  await fetchToShards(readerOf(list), options());
  const path = join(folder, 'out', 'fetch.json');
  const { settings } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ settings, state: { shard: 0, source: 0, done: [1, 2] } }));
  const reader = readerOf(list);
  const stopped = {
    ...reader,
    async *[Symbol.asyncIterator]() {
      for await (const row of reader) {
        // Time for shard 0 to be complete before the list was read to the end of shard 2.
        if (row.key === 'row 25') {
          await expect
            .poll(() => JSON.parse(readFileSync(path, 'utf8')).state.shard, { timeout: 10_000 })
            .toBe(2);
          throw new Error('killed');
        }
        yield row;
      }
    },
  };
  await expect(fetchToShards(stopped, options())).rejects.toThrow('killed');
  expect(JSON.parse(readFileSync(path, 'utf8')).state).toEqual({ shard: 2, source: 20, done: [2] });
  expect(await fetchToShards(readerOf(list), options())).toMatchObject({ rows: 35, fetched: 35 });
});

test('a list without a row that can be used can be run again', async () => {
  for (let i = 0; i < 2; i++)
    expect(await fetchToShards(readerOf([]), options())).toMatchObject({ rows: 0, shards: [] });
});

test('pictures are made smaller only as many at once as requests are allowed', async () => {
  const server = await pictureServer();
  let [now, most] = [0, 0];
  const picture = async (bytes: Uint8Array) => {
    most = Math.max(most, ++now);
    await sleep(2);
    now--;
    return bytes;
  };
  await fetchToShards(readerOf(rows(numbered(server.url, 30))), options({ concurrency: 3, picture }));
  expect(most).toBeLessThanOrEqual(3);
});

test('the error that ends the work is the one that is told, not that of the rows it ends', async () => {
  const server = await pictureServer();
  const picture = async () => {
    throw new Error('out of memory');
  };
  const urls = [...Array<string>(9).fill(`${server.url}/broken.png`), `${server.url}/1.png`];
  await expect(
    fetchToShards(readerOf(rows(urls)), options({ picture, shardSize: 5, backoff: 10_000 })),
  ).rejects.toThrow('out of memory');
});

test.each(['two\nlines', 'simvlm → you'])(
  'a user agent that no request can state is refused: %j',
  async userAgent => {
    const report = fetchToShards(readerOf([]), options({ userAgent }));
    await expect(report).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  },
);

test('many requests at once bring no warning of a leak', async () => {
  const warnings: string[] = [];
  const note = ({ name }: Error) => warnings.push(name);
  process.on('warning', note);
  const server = await pictureServer(() => sleep(2));
  await fetchToShards(
    readerOf(rows(numbered(server.url, 60))),
    options({ concurrency: 60, perHost: 60, shardSize: 60 }),
  );
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
