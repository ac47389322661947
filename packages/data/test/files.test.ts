import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, ImageError } from '@simvlm/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folderDataset, readRegularFile, textLines } from '../src/node';
import { plain } from './fixture';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'files-'));
});
afterAll(() => rm(root, { recursive: true }));

const decode = async () => plain(2);
const utf8 = (text: string) => new TextEncoder().encode(text);

async function write(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(root, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, bytes);
  return path;
}
async function linesOf(path: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { text, number } of textLines(path)) lines.push(`${number} ${text}`);
  return lines;
}
const captions = (name: string, text: string | Uint8Array) =>
  write(`${name}/captions.jsonl`, text).then(path => join(path, '..'));

// Windows has no named pipes among its files.
test.skipIf(process.platform === 'win32')(
  'what is no regular file is refused by name and never waited for',
  async () => {
    const folder = join(root, 'special');
    await mkdir(join(folder, 'pictures'), { recursive: true });
    execFileSync('mkfifo', [join(folder, 'pipe.png')]);
    await symlink('/dev/zero', join(folder, 'zero.png'));
    const server = createServer().listen(join(folder, 'socket.png'));
    const kinds = {
      'pipe.png': 'a named pipe',
      'zero.png': 'a device',
      'socket.png': 'a socket',
      pictures: 'a folder',
    };
    try {
      await captions(
        'special',
        Object.keys(kinds)
          .map(image => `${JSON.stringify({ image, text: image })}\n`)
          .join(''),
      );
      const dataset = await folderDataset(folder, { decode });
      for (const [index, [name, kind]] of Object.entries(kinds).entries()) {
        const message = `cannot read ${join(folder, name)}: it is ${kind}, not a regular file`;
        const file = join(folder, name);
        await expect(dataset.get(index)).rejects.toThrow(
          new ImageError('IMAGE_UNREADABLE', message, { file }),
        );
        await expect(linesOf(join(folder, name))).rejects.toThrow(new DataError('DATA_NOT_FOUND', message));
        await expect(readRegularFile(join(folder, name))).rejects.toThrow(message);
      }
    } finally {
      await new Promise(resolve => server.close(resolve));
    }
  },
);

test.skipIf(process.platform === 'win32')('a captions.jsonl that is a named pipe is refused', async () => {
  const folder = join(root, 'piped');
  await mkdir(folder);
  execFileSync('mkfifo', [join(folder, 'captions.jsonl')]);
  await expect(folderDataset(folder, { decode })).rejects.toThrow(/captions\.jsonl: it is a named pipe/);
});

test('captions that are not UTF-8 are refused with file and line, never learnt', async () => {
  const bytes = Buffer.concat([utf8('{"text": "ok"}\n\n{"text": "K'), Buffer.of(0xf6), utf8('ln"}\n')]);
  await expect(folderDataset(await captions('latin1', bytes), { decode })).rejects.toThrow(
    /latin1\/captions\.jsonl:3: not UTF-8; save/,
  );
  const wide = Buffer.from('\uFEFF{"text": "a"}\r\n', 'utf16le');
  await expect(folderDataset(await captions('wide', wide), { decode })).rejects.toThrow(
    /wide\/captions\.jsonl is UTF-16, not UTF-8/,
  );
  await expect(linesOf(await write('latin1.txt', bytes))).rejects.toThrow(/latin1\.txt:3: not UTF-8/);
});

test('a byte order mark is skipped, and U+2028 and U+2029 are characters of a caption', async () => {
  const text = 'a\u2028b\u2029c';
  const dataset = await folderDataset(
    await captions('mark', `\uFEFF{"text": "${text}"}\r\n{"text": "d"}\r\n`),
    {
      decode,
    },
  );
  expect(dataset.lines.map(line => line.text)).toEqual([text, 'd']);
  expect(await linesOf(await write('mark.txt', `\uFEFF${text}\n \t\nd`))).toEqual([`1 ${text}`, '3 d']);
});

test('a caption of more than 16 MiB is refused with file and line', async () => {
  const line = (bytes: number) => `{"text": "${'a'.repeat(bytes - 12)}"}\n`;
  const dataset = await folderDataset(await captions('long', line(2 ** 24)), { decode });
  expect(dataset.lines[0]!.text).toHaveLength(2 ** 24 - 12);
  await expect(folderDataset(await captions('longer', `\n${line(2 ** 24 + 1)}`), { decode })).rejects.toThrow(
    /longer\/captions\.jsonl:2: the line is longer than 16 MiB/,
  );
});

test('reading stops where the reader does', async () => {
  for await (const { text } of textLines(await write('many.txt', 'a\n'.repeat(200_000)))) {
    expect(text).toBe('a');
    break;
  }
});
