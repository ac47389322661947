import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Random } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { serve } from '../../../bytes/test/serve';
import { openSource } from '../../src/index';
import { placeAt } from '../../src/node';
import { drawn, fixture, keys, pictures, readAll } from './read-all';

const bytesOf = (name: string) => new Uint8Array(readFileSync(fixture(name)));
const shard = bytesOf('webdataset/names-pax.tar');

/** A tar archive of samples with a picture of so many bytes each. */
function archive(count: number, size: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const header = new Uint8Array(512);
    const put = (text: string, at: number) => header.set(new TextEncoder().encode(text), at);
    put(`${i}.jpg`, 0);
    put(size.toString(8).padStart(11, '0'), 124);
    put('ustar\0', 257);
    put('0', 156);
    header.fill(0x20, 148, 156);
    put(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    blocks.push(header, new Uint8Array(Math.ceil(size / 512) * 512).fill(i));
  }
  return Buffer.concat(blocks);
}

async function served(bytes: Uint8Array) {
  const { url, requests } = await serve(new Map([['a.tar', bytes]]));
  const source = await openSource(await placeAt([`${url}/a.tar`]), { format: 'webdataset' });
  return { source, requests };
}

describe('shards behind a web server', () => {
  test.each([
    ['plain', shard],
    ['gzip', new Uint8Array(gzipSync(shard))],
  ])('%s: the samples and pictures of a file, without a copy', async (_, bytes) => {
    const { source } = await served(bytes);
    const local = await openSource(await placeAt([fixture('webdataset/names-pax.tar')]));
    const [samples, want] = [await readAll(source.read()), await readAll(local.read())];
    expect(samples.map(({ key }) => key)).toEqual(want.map(({ key }) => key));
    expect(await Promise.all(samples.map(pictures))).toEqual(await Promise.all(want.map(pictures)));
  });

  test('200 samples with pictures of 100 KB cost 9 requests: 5 for their 20 MB, 4 to open the shard', async () => {
    const { source, requests } = await served(archive(200, 100_000));
    for (const { images } of await readAll(source.read()))
      expect((await images[0]!.bytes()).length).toBe(1e5);
    expect(requests.length).toBe(9);
  });

  test('a picture of more than 1 MiB is fetched when it is asked for', async () => {
    const { source, requests } = await served(archive(3, 2 ** 20 + 1));
    const samples = await readAll(source.read());
    const before = requests.length;
    const bytes = await samples[1]!.images[0]!.bytes();
    expect([bytes.length, bytes[0]]).toEqual([2 ** 20 + 1, 1]);
    expect(requests.length).toBe(before + 1);
  });

  test('two processes share them, with sizes.json and without it', async () => {
    const files = new Map([0, 1, 2, 3].map(i => [`${i}.tar`, bytesOf(`webdataset/plain-00000${i}.tar`)]));
    const sizes = new TextEncoder().encode('{"0.tar": 3, "1.tar": 3, "2.tar": 3, "3.tar": 1}');
    for (const all of [files, new Map([...files, ['sizes.json', sizes]])]) {
      const { url } = await serve(all);
      const open = async () => openSource(await placeAt([`${url}/{0..3}.tar`]));
      const shares = await Promise.all(
        [0, 1].map(async rank =>
          drawn(await open(), { share: { rank, size: 2 }, random: Random.fromSeed(1) }, 2),
        ),
      );
      const whole = (await keys(await open())).sort();
      for (const epoch of [0, 1]) expect(shares.flatMap(own => own[epoch]!.keys).sort()).toEqual(whole);
    }
  });
});

test.each([
  ['parquet/laion-zstd.parquet', 8],
  ['arrow/stream.arrow', 20],
  ['tables/pairs.csv', 12],
  ['imagefolder/jsonl/train/metadata.jsonl', 6],
])('%s is read behind a web server', async (path, count) => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const { url } = await serve(new Map([[name, bytesOf(path)]]));
  expect(await keys(await openSource(await placeAt([`${url}/${name}`])))).toHaveLength(count);
});

test('a server that fails for a moment: the order goes on with the very record that could not be read', async () => {
  let isDown = false;
  const { url } = await serve(new Map([['a.tar', shard]]), (request, response, file) => {
    if (isDown) return void response.writeHead(403).end();
    const [, begin, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const part = file!.subarray(Number(begin), Number(end) + 1);
    response.writeHead(206, { 'content-range': `bytes ${begin}-${end}/${file!.length}` }).end(part);
  });
  const open = async () => (await openSource(await placeAt([`${url}/a.tar`]))).order({ random, shuffle: 5 });
  const random = Random.fromSeed(2);
  const [whole, order] = [await open(), await open()];
  const want: (string | undefined)[] = [];
  const seen: (string | undefined)[] = [];
  for (let i = 0; i < 40; i++) want.push((await whole.next()).sample?.key);
  for (let i = 0, failures = 0; i < 40; ) {
    isDown = failures < 3 && i > 7;
    try {
      seen.push((await order.next()).sample?.key);
      i++;
    } catch (error) {
      expect(error).toMatchObject({ code: 'DATA_INVALID' });
      failures++;
    }
  }
  expect(seen).toEqual(want);
});
