import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clearLeftovers, temporaryPath } from './leftovers';
import { checkFolder, checkReplaceable, replaceFile } from './replace-file';
import { writeProblem } from './write-problem';

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simvlm-core-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The id of a process that has ended. */
function deadProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('replaceFile', () => {
  test('writes a file, replaces one, and leaves nothing else', async () => {
    await replaceFile(at('a.txt'), 'one');
    await replaceFile(at('a.txt'), Uint8Array.of(0x32));
    expect(readFileSync(at('a.txt'), 'utf8')).toBe('2');
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  test('keeps the permissions of what it replaces, and a link a link', async () => {
    writeFileSync(at('private.txt'), 'one');
    chmodSync(at('private.txt'), 0o600);
    symlinkSync('private.txt', at('link'));
    await replaceFile(at('link'), 'two');
    expect(readFileSync(at('private.txt'), 'utf8')).toBe('two');
    expect(statSync(at('private.txt')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['link', 'private.txt']);
  });

  test('an error leaves the old file and no other', async () => {
    mkdirSync(at('taken', 'inside'), { recursive: true });
    await expect(replaceFile(at('taken'), 'x')).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(replaceFile(at('none', 'x'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readdirSync(folder)).toEqual(['taken']);
  });

  test.skipIf(process.platform === 'win32')('a device is written to, not replaced', async () => {
    await replaceFile('/dev/null', 'x');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

describe('checks before the work', () => {
  test('what can be written passes and is as it was', async () => {
    writeFileSync(at('old.txt'), 'old');
    await checkReplaceable(at('old.txt'));
    await checkReplaceable(at('new.txt'));
    await checkFolder(at('runs', 'deep', 'run'));
    expect(readdirSync(folder)).toEqual(['old.txt']);
    expect(readFileSync(at('old.txt'), 'utf8')).toBe('old');
  });

  test('what cannot be written is refused', async () => {
    writeFileSync(at('file'), '');
    mkdirSync(at('folder'));
    await expect(checkReplaceable(at('none', 'x'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(checkReplaceable(at('file', 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(checkReplaceable(at('folder'))).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(checkFolder(at('file'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(checkFolder(at('file', 'run'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  test.skipIf(process.getuid?.() === 0)('a folder without permission to write is refused', async () => {
    mkdirSync(at('locked'));
    chmodSync(at('locked'), 0o500);
    await expect(checkReplaceable(at('locked', 'x'))).rejects.toMatchObject({ code: 'EACCES' });
    await expect(checkFolder(at('locked', 'run'))).rejects.toMatchObject({ code: 'EACCES' });
  });
});

describe('leftovers', () => {
  test('of killed processes are removed by the next write; those of running ones stay', async () => {
    const dead = deadProcess();
    writeFileSync(at(`a.txt.tmp-${dead}-1`), 'half');
    mkdirSync(at(`a.txt.tmp-${dead}`));
    writeFileSync(at(`a.txt.tmp-${process.ppid}-1`), 'somebody works on it');
    writeFileSync(at(`b.txt.tmp-${dead}-1`), 'of another file');
    await replaceFile(at('a.txt'), 'whole');
    expect(readdirSync(folder).sort()).toEqual([
      'a.txt',
      `a.txt.tmp-${process.ppid}-1`,
      `b.txt.tmp-${dead}-1`,
    ]);
  });

  test('with the id of this process are removed, unless it is writing them', async () => {
    writeFileSync(at(`a.tmp-${process.pid}-0`), 'of an earlier container');
    await temporaryPath(at('a'), async temporary => {
      writeFileSync(temporary, '');
      await clearLeftovers(at('a'));
      expect(readdirSync(folder).map(name => at(name))).toEqual([temporary]);
    });
  });
});

test.each([
  ['ENOSPC', 'the disk is full (ENOSPC)'],
  ['EROFS', 'the disk is read-only (EROFS)'],
  ['ENOENT', 'there is no folder a (ENOENT)'],
  ['toString', 'odd'],
])('%s is said in words', (code, words) => {
  expect(writeProblem('a/b', Object.assign(new Error('odd'), { code }))).toBe(words);
});
