/** Files that state sizes which they do not have, or never end: an error soon, and no memory for what is only stated. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { byteSource } from '@simvlm/bytes';
import { DataError, type SampleSource } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import {
  arrowSource,
  csvSource,
  type DataFile,
  flickr30kSource,
  jsonlSource,
  memoryFolder,
  parallelSource,
  parquetSource,
  webDatasetSource,
} from '../../src/index';
import { fixture, keys } from './read-all';

const GIB = 2 ** 30;
const bytesOf = (name: string) => new Uint8Array(readFileSync(fixture(name)));
const inMemory = (bytes: Uint8Array) => memoryFolder(new Map([['a', bytes]])).file('a');
const images = memoryFolder(new Map());

async function errorOf(source: SampleSource): Promise<DataError> {
  const error = await keys(source).catch(error => error);
  expect(error).toBeInstanceOf(DataError);
  expect(error.message).toMatch(/^folder\/a/);
  return error;
}

describe('a size of 5 GiB, or as much as its field holds', () => {
  test('of the footer of Parquet', async () => {
    const bytes = bytesOf('parquet/laion-none.parquet');
    for (const size of [0xffffffff, 0x7fffffff, bytes.length]) {
      new DataView(bytes.buffer).setUint32(bytes.length - 8, size, true);
      await errorOf(parquetSource([inMemory(bytes)]));
    }
  });

  test('of the metadata of an Arrow message', async () => {
    const bytes = bytesOf('arrow/stream.arrow');
    for (const size of [0x7fffffff, -5, 17 * 2 ** 20]) {
      new DataView(bytes.buffer).setInt32(4, size, true);
      await errorOf(arrowSource([inMemory(bytes)]));
    }
  });

  test('of the body of an Arrow message, wherever it stands in the metadata', async () => {
    const whole = bytesOf('arrow/stream.arrow');
    const view = new DataView(whole.buffer);
    // The second message: the first has no body.
    const first = 8 + view.getInt32(4, true);
    const length = view.getInt32(first + 4, true);
    let errors = 0;
    for (let at = first + 8; at + 8 <= first + 8 + length; at += 8) {
      const copy = whole.slice();
      new DataView(copy.buffer).setBigInt64(at, BigInt(5 * GIB), true);
      const outcome = await keys(arrowSource([inMemory(copy)])).catch(error => error);
      if (Array.isArray(outcome)) continue;
      expect(outcome).toBeInstanceOf(DataError);
      errors++;
    }
    expect(errors).toBeGreaterThan(5);
  });

  test('that gzip states of what it holds is not believed', async () => {
    const packed = new Uint8Array(gzipSync(bytesOf('webdataset/plain-000000.tar')));
    new DataView(packed.buffer).setUint32(packed.length - 4, 0xffffffff, true);
    expect((await errorOf(webDatasetSource([inMemory(packed)]))).message).toContain('cut off or damaged');
  });

  test('of 100 MB of zeros in gzip: passed over, and not kept', async () => {
    const header = bytesOf('webdataset/plain-000000.tar').slice(0, 512);
    // A text of more than 64 MiB is not read.
    const member = tarMember(header, 'a.txt', 100e6);
    const packed = new Uint8Array(gzipSync(Buffer.concat([member, Buffer.alloc(100_000_256)]), { level: 1 }));
    const reader = webDatasetSource([inMemory(packed)]).read();
    expect(await keys(reader)).toEqual([]);
    expect(reader.skipped().reasons[0]).toContain('its "txt" has 100000000 bytes, more than 67108864');
  });
});

describe('a line that never ends', () => {
  const formats: [string, (file: DataFile) => SampleSource][] = [
    ['csv', file => csvSource([file])],
    ['tsv', file => csvSource([file], { format: 'tsv' })],
    ['jsonl', file => jsonlSource([file])],
    ['flickr30k', file => flickr30kSource(file, { images })],
    ['parallel', file => parallelSource(file, inMemory(new Uint8Array([0x61, 0x0a])))],
  ];
  test.each(formats)(
    '%s: an error that names file and line, after 32 MiB of 5 TB at most',
    async (_, open) => {
      let read = 0;
      const endless = byteSource(5e12, async (_, into) => {
        read += into.length;
        into.fill(0x61);
      });
      const error = await errorOf(open({ name: 'folder/a', open: async () => endless }));
      expect(error.message).toBe('folder/a:1: the line is longer than 16 MiB; split it into several lines');
      expect(read).toBeLessThan(2 ** 26);
    },
  );

  test('a quote that is never closed takes 16 million characters at most', async () => {
    let read = 0;
    const endless = byteSource(5e12, async (begin, into) => {
      read += into.length;
      into.fill(0x61);
      for (let i = 1023 - (begin % 1024); i < into.length; i += 1024) into[i] = 0x0a;
      if (begin === 0) into[0] = 0x22;
    });
    const error = await errorOf(csvSource([{ name: 'folder/a', open: async () => endless }]));
    expect(error.message).toContain('a quote that opens in this record is never closed');
    expect(read).toBeLessThan(2 ** 26);
  });
});

/** A header with another name and size. */
function tarMember(header: Uint8Array, name: string, size: number): Uint8Array {
  const block = header.slice();
  block.fill(0, 0, 100);
  block.set(new TextEncoder().encode(name), 0);
  block.set(new TextEncoder().encode(size.toString(8).padStart(11, '0')), 124);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return block;
}
