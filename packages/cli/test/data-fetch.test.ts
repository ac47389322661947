import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ended, simvlm, startSimvlm, workingFolder } from './fixture';

const ROWS = 60;
let folder: ReturnType<typeof workingFolder>;
let picture: Uint8Array;
let agents: string[] = [];
/** Rows that are answered; the others wait. */
let answered = Number.POSITIVE_INFINITY;
const server = createServer(async (request, response) => {
  agents.push(request.headers['user-agent']!);
  while (Number(/\d+/.exec(request.url!)) >= answered) await sleep(5);
  if (request.url === '/7.png') response.writeHead(404).end();
  else response.end(picture);
});

beforeAll(async () => {
  folder = workingFolder();
  picture = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#c04020' } })
    .png()
    .toBuffer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const lines = Array.from({ length: ROWS }, (_, i) => `http://127.0.0.1:${port}/${i}.png,"caption, ${i}"`);
  folder.write('list.csv', `url,caption\n${lines.join('\n')}\n`);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  folder.leave();
});
beforeEach(() => {
  agents = [];
});
afterEach(() => {
  answered = Number.POSITIVE_INFINITY;
});

const fetchInto = (out: string, ...args: string[]) => [
  'data',
  'fetch',
  'list.csv',
  '--out',
  out,
  '--allow-private',
  '--shard-size',
  '10',
  ...args,
];

test('fetches a list, makes pictures smaller, says who asks and what failed', async () => {
  const { code, out, err } = await simvlm(...fetchInto('once', '--resize', '15'));
  expect({ code, out }).toEqual({ code: 0, out: '' });
  expect(err).toMatch(/\nonce: 59 of 60 pictures; shards: 6, hosts: 1\n {2}1 × http 404\n$/);
  const samples = (await simvlm('data', 'list', 'once')).lines.map(line => JSON.parse(line));
  expect(samples).toHaveLength(59);
  expect(samples.find(({ key }) => key === '000023')).toMatchObject({
    text: 'caption, 23',
    images: [{ path: '000023.png', width: 20, height: 15 }],
  });
  expect(new Set(agents)).toEqual(new Set([expect.stringMatching(/^simvlm\/.*X-Robots-Tag: noai/)]));
});

test('without --allow-private nothing of this machine is asked', async () => {
  const { code, err } = await simvlm('data', 'fetch', 'list.csv', '--out', 'private');
  expect(code).toBe(0);
  expect(err).toContain('60 × private address');
  expect(agents).toEqual([]);
});

test('killed in the middle and run again, the result is the same set', async () => {
  answered = 33;
  const child = startSimvlm(fetchInto('killed'));
  await expect.poll(() => existsSync('killed/00002_stats.json'), { timeout: 60_000 }).toBe(true);
  await expect.poll(() => readdirSync('killed').some(name => name.startsWith('00003.tar.tmp-'))).toBe(true);
  child.kill('SIGKILL');
  expect(await ended(child)).toBe('SIGKILL');
  answered = Number.POSITIVE_INFINITY;
  agents = [];
  expect(await simvlm(...fetchInto('killed'))).toMatchObject({ code: 0 });
  expect(agents.length).toBeLessThanOrEqual(ROWS - 20);
  const texts = (await simvlm('data', 'list', 'killed', '--no-images')).lines.map(
    line => JSON.parse(line).text,
  );
  expect(texts.sort()).toEqual(
    Array.from({ length: ROWS }, (_, i) => `caption, ${i}`)
      .filter(text => text !== 'caption, 7')
      .sort(),
  );
  expect(JSON.parse(readFileSync('killed/report.json', 'utf8'))).toMatchObject({ rows: ROWS, fetched: 59 });
  expect(readdirSync('killed').filter(name => name.includes('.tmp-'))).toEqual([]);
});
