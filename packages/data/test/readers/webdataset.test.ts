import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { DataError, Random } from '@simvlm/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryFolder, openReader, webDatasetSource } from '../../src/index';
import { diskFile, placeAt } from '../../src/node';
import { expectDisjointShares, expectExactResume, expectTypedEnd } from './promises';
import { drawn, expected, fixture, keys, pictures, readAll } from './read-all';

const at = (name: string) => diskFile(fixture(`webdataset/${name}`));
const plain = [0, 1, 2, 3].map(i => at(`plain-00000${i}.tar`));
const bytesOf = (name: string) => new Uint8Array(readFileSync(fixture(`webdataset/${name}`)));
const inMemory = (bytes: Uint8Array) => [memoryFolder(new Map([['a.tar', bytes]])).file('a.tar')];

/** The header blocks of an archive whose member begins at `at`, with another one in its place. */
function changed(
  bytes: Uint8Array,
  at: number,
  change: (block: Uint8Array) => void,
  isSummed = true,
): Uint8Array {
  const copy = bytes.slice();
  const block = copy.subarray(at, at + 512);
  change(block);
  if (isSummed) {
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  }
  return copy;
}

describe('what webdataset reads', () => {
  const cases: [string, () => ReturnType<typeof webDatasetSource>][] = [
    ['plain', () => webDatasetSource(plain)],
    ...['packed', 'names-pax', 'names-gnu', 'no-end'].map(
      (name): [string, () => ReturnType<typeof webDatasetSource>] => [
        name,
        () => webDatasetSource([at(`${name}.tar`)]),
      ],
    ),
  ];
  test.each(cases)('%s', async (name, open) => {
    const samples = await readAll(open());
    const want = expected('webdataset')[name];
    expect(samples.map(({ key }) => key)).toEqual(want.map((sample: { key: string }) => sample.key));
    for (const [i, sample] of samples.entries()) {
      expect(await pictures(sample)).toEqual(want[i].images);
      expect(sample.texts ?? (sample.text === undefined ? [] : [sample.text])).toEqual(want[i].texts);
      expect(sample.label).toBe(want[i].label);
      expect(sample.fields).toEqual(want[i].json);
    }
  });

  test('of a folder that img2dataset wrote: the pictures that it could fetch, with what it says of them', async () => {
    const reader = await openReader(await placeAt([fixture('img2dataset')]));
    const samples = await readAll(reader);
    const want = expected('img2dataset').samples;
    expect(samples.map(({ key, text, fields }) => ({ key, text, fields }))).toEqual(
      want.map(({ key, texts, json }: Record<string, unknown[]>) => ({ key, text: texts![0], fields: json })),
    );
    expect(await Promise.all(samples.map(pictures))).toEqual(
      want.map(({ images }: { images: string[] }) => images),
    );
  });

  test('pictures of shards that name their members alike, each in a place of its own', async () => {
    const bytes = bytesOf('plain-000000.tar');
    const folder = memoryFolder(new Map(['a.tar', 'b.tar'].map(name => [name, bytes])));
    const samples = await readAll(webDatasetSource([folder.file('a.tar'), folder.file('b.tar')]));
    const images = samples.flatMap(({ images }) => images);
    expect(new Set(images.map(({ path }) => path)).size).toBe(images.length / 2);
    expect(new Set(images.map(({ place }) => place)).size).toBe(images.length);
  });

  test('from memory as from a disk', async () => {
    expect(await keys(webDatasetSource(inMemory(bytesOf('names-pax.tar'))))).toEqual(
      expected('webdataset')['names-pax'].map((sample: { key: string }) => sample.key),
    );
  });
});

describe('the position', () => {
  test('is exact behind every sample, in plain shards and in gzip', async () => {
    await expectExactResume(() => webDatasetSource(plain), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await expectExactResume(() => webDatasetSource([at('packed.tar')]), [0, 1, 2, 3, 4]);
  });

  test('shares by shard and by sample are disjoint, and all samples together', async () => {
    await expectDisjointShares(() => webDatasetSource(plain), [1, 2, 3, 4, 7]);
    await expectDisjointShares(() => webDatasetSource([at('packed.tar')]), [2, 4]);
  });

  test('in a shard that has changed meanwhile is refused', async () => {
    const bytes = bytesOf('plain-000000.tar');
    const reader = webDatasetSource(inMemory(bytes)).read();
    for await (const _ of reader) break;
    const state = reader.state();
    const changed = bytes.slice();
    changed[700]! ^= 1;
    for (const [content, isSame] of [
      [bytes.slice(), true],
      [changed, false],
      [bytes.subarray(0, -512), false],
    ] as const) {
      const second = webDatasetSource(inMemory(content)).read();
      second.restore(state);
      if (isSame) expect(await keys(second)).toEqual(['pairs/0001', 'pairs/0002']);
      else
        await expect(keys(second)).rejects.toThrow(
          'folder/a.tar has changed since the place in it was saved',
        );
    }
  });

  test('of other shards, or of another split, is refused', async () => {
    const state = webDatasetSource(plain).read().state();
    expect(() => webDatasetSource(plain.slice(1)).read().restore(state)).toThrow(DataError);
    expect(() => webDatasetSource(plain, { split: 'val' }).read().restore(state)).toThrow(/split/);
    expect(() => webDatasetSource(plain).read().restore({ part: -1 })).toThrow(DataError);
  });
});

describe('faults', () => {
  const shard = bytesOf('plain-000000.tar');

  test('an archive cut off in a picture gives the samples before it, then names file and byte', async () => {
    const whole = (await readAll(webDatasetSource(inMemory(shard)))).length;
    const cut = webDatasetSource(inMemory(shard.subarray(0, shard.length - 10240 - 600))).read();
    const seen: string[] = [];
    await expect(
      (async () => {
        for await (const { key } of cut) seen.push(key);
      })(),
    ).rejects.toThrow(/^folder\/a\.tar: byte \d+: the archive ends/);
    expect(seen.length).toBeLessThan(whole);
  });

  test('cut off anywhere: whole samples, then the end or a typed error; in gzip always the error', async () => {
    const packed = bytesOf('packed.tar');
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async share => {
        await expectTypedEnd(() =>
          webDatasetSource(inMemory(shard.subarray(0, Math.floor(share * shard.length)))),
        );
        const cut = packed.subarray(0, Math.max(3, Math.floor(share * packed.length)));
        await expect(keys(webDatasetSource(inMemory(cut)))).rejects.toBeInstanceOf(DataError);
      }),
      { numRuns: 60 },
    );
  });

  test('a wrong CRC of gzip is an error that names the file', async () => {
    const packed = bytesOf('packed.tar');
    packed[packed.length - 6]! ^= 1;
    await expect(keys(webDatasetSource(inMemory(packed)))).rejects.toThrow(
      /^folder\/a\.tar: the gzip file is cut off or damaged/,
    );
  });

  test('a changed byte: a typed error, a counted sample or another text, never a hang', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(shard.length - 1), fc.nat(255), async (place, value) => {
        const copy = shard.slice();
        copy[place] = value;
        await expectTypedEnd(() => webDatasetSource(inMemory(copy)));
      }),
      { numRuns: 100 },
    );
  });

  test('a wrong checksum names file and byte', async () => {
    const bad = changed(shard, 1024, block => void (block[0] = 0x41), false);
    await expect(keys(webDatasetSource(inMemory(bad)))).rejects.toThrow(
      'folder/a.tar: byte 1024: the checksum of the tar header is wrong',
    );
  });

  test.each([
    ['octal', '50000000000\0'],
    ['base 256', '\x80\0\0\0\0\0\0\x01\x40\0\0\0'],
  ])('a member that states 5 GiB (%s) is an error, and nothing is allocated for it', async (_, size) => {
    const set = (block: Uint8Array) =>
      block.set(
        Uint8Array.from(size, letter => letter.charCodeAt(0)),
        124,
      );
    const bad = changed(shard, 1024, set);
    for (const bytes of [bad, new Uint8Array(gzipSync(bad))])
      await expect(keys(webDatasetSource(inMemory(bytes)))).rejects.toThrow(/the archive ends/);
  });

  test('an empty member is skipped and counted with its name', async () => {
    const header = shard.slice(0, 512);
    const empty = changed(header, 0, block => block.fill(0x30, 124, 135));
    const bytes = new Uint8Array([...empty, ...new Uint8Array(1024)]);
    const reader = webDatasetSource(inMemory(bytes)).read();
    expect(await keys(reader)).toEqual([]);
    expect(reader.skipped()).toMatchObject({
      count: 1,
      reasons: ['folder/a.tar: sample "pairs/0000": its "cls" is empty'],
    });
  });

  test('a name that stands in a sample twice makes it one that is skipped', async () => {
    const member = shard.slice(0, 1024);
    const reader = webDatasetSource(
      inMemory(new Uint8Array([...member, ...member, ...new Uint8Array(1024)])),
    ).read();
    expect(await keys(reader)).toEqual([]);
    expect(reader.skipped().reasons[0]).toContain('"cls" is there twice');
  });
});

describe('names of one’s own', () => {
  test('are extensions or keys of the JSON', async () => {
    const samples = await readAll(webDatasetSource(plain, { map: { label: 'number', text: 'txt' } }));
    expect(samples.map(({ label }) => label)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
  });

  test('that a sample does not have make it one that is skipped', async () => {
    const reader = webDatasetSource(plain, { map: { text: 'caption' } }).read();
    expect(await keys(reader)).toEqual([]);
    expect(reader.skipped().count).toBe(10);
    expect(reader.skipped().reasons[0]).toContain('neither a member nor a JSON key "caption" for text');
  });
});

describe('sizes.json beside shards', () => {
  const shares = (sizes: string) => {
    const folder = memoryFolder(new Map([['sizes.json', new TextEncoder().encode(sizes)]]));
    return [0, 1].map(async rank => {
      const source = webDatasetSource(plain, { sizes: folder.file('sizes.json') });
      return drawn(source, { share: { rank, size: 2 }, random: Random.fromSeed(1) }, 1);
    });
  };
  const right = '"plain-000001.tar": 3, "plain-000002.tar": 3, "plain-000003.tar": 1';

  test('says how many samples they have', async () => {
    const folder = memoryFolder(
      new Map([['sizes.json', new TextEncoder().encode('{"plain-000000.tar": 17}')]]),
    );
    expect(await webDatasetSource(plain, { sizes: folder.file('sizes.json') }).count()).toBe(17 + 3 + 3 + 1);
    expect(
      (await Promise.all(shares(`{"plain-000000.tar": 3, ${right}}`))).flatMap(([epoch]) => epoch!.keys),
    ).toHaveLength(10);
  });

  test.each([2, 4])(
    'that says %s of 3 is an error, as samples would be left out or come twice',
    async count => {
      const drawing = Promise.all(shares(`{"plain-000000.tar": ${count}, ${right}}`));
      await expect(drawing).rejects.toThrow(
        /plain-000000.tar: .* records, where \d were counted; correct or remove/,
      );
    },
  );

  test('of another shape is an error that names it', async () => {
    await expect(Promise.all(shares('{"plain-000000.tar": "many"}'))).rejects.toThrow(
      'folder/sizes.json: "plain-000000.tar" must be a number of samples',
    );
  });
});
