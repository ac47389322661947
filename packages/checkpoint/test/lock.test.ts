import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { CheckpointError, ConfigError } from '@simvlm/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { type LockNote, lockFolder } from '../src/node';
import { temporaryFolder } from './disk';
import { errorOf } from './error-of';

let folder: string;
beforeEach(async () => {
  folder = join(await temporaryFolder(), 'run');
});

const note = async () => JSON.parse(await readFile(join(folder, 'lock'), 'utf8')) as LockNote;
const leave = async (change: object, name = 'lock') => {
  await mkdir(folder, { recursive: true });
  const dead = { pid: endedProcess(), host: hostname(), started: null, since: 'then', id: 'dead' };
  await writeFile(join(folder, name), JSON.stringify({ ...dead, ...change }));
};

/** The number of a process that has ended. */
function endedProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('the lock of a folder', () => {
  test('is held by one; the second gets an error that names the process and what to do', async () => {
    const lock = await lockFolder(folder);
    const error = await errorOf(lockFolder(folder));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(`${folder} is being written by process ${process.pid} since 20`);
    expect(error.message).toContain('wait for it, stop it, or use another name');
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
    await (await lockFolder(folder)).release();
  });

  test('of another process that lives is respected, and taken over, with a word, once that is killed', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await leave({ pid: other.pid });
    expect((await errorOf(lockFolder(folder))).message).toContain(`process ${other.pid}`);
    const ended = once(other, 'exit');
    other.kill('SIGKILL');
    await ended;
    const lock = await lockFolder(folder);
    expect(lock.takenFrom?.pid).toBe(other.pid);
    expect((await note()).pid).toBe(process.pid);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('of a process whose number another has now is that of a dead one', async () => {
    await leave({ pid: process.pid, started: '1' });
    const lock = await lockFolder(folder);
    expect(lock.takenFrom?.since).toBe('then');
    await lock.release();
  });

  test('of a process on another machine is respected: whether it lives cannot be known', async () => {
    await leave({ host: 'elsewhere' });
    expect((await errorOf(lockFolder(folder))).message).toMatch(
      /process \d+ on elsewhere since then: if it is not running any more, delete .*lock/,
    );
  });

  test('of a process of the same launch on another machine is taken over: its launcher has ended it', async () => {
    await leave({ host: 'elsewhere', launch: 'job-7' });
    for (const launch of ['job-8', undefined])
      expect((await errorOf(lockFolder(folder, { launch }))).message).toContain('on elsewhere');
    const lock = await lockFolder(folder, { launch: 'job-7' });
    expect(lock.takenFrom?.host).toBe('elsewhere');
    expect((await note()).launch).toBe('job-7');
    await lock.release();
    // On this machine it is known whether a process lives.
    await leave({ pid: process.pid, launch: 'job-7' });
    await errorOf(lockFolder(folder, { launch: 'job-7' }));
  });

  test('of two that find a dead one, one gets it', async () => {
    for (let round = 0; round < 20; round++) {
      await leave({ id: `dead-${round}` });
      const tries = await Promise.allSettled([lockFolder(folder), lockFolder(folder), lockFolder(folder)]);
      const got = tries.filter(each => each.status === 'fulfilled');
      expect(got).toHaveLength(1);
      await got[0]!.value.release();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  test('of a process that died while it took a dead one over is taken over, too', async () => {
    await leave({ id: 'first' });
    await leave({ id: 'second' }, 'lock.first');
    const lock = await lockFolder(folder);
    expect(lock.takenFrom).toMatchObject({ id: 'first' });
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('that somebody else wrote is not removed', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'lock'), 'mine');
    expect((await errorOf(lockFolder(folder))).message).toContain('does not say which process holds it');
    expect(await readFile(join(folder, 'lock'), 'utf8')).toBe('mine');
  });

  test('where no folder can be made is a typed error in one line', async () => {
    await writeFile(folder, 'a file');
    const error = await errorOf(lockFolder(join(folder, 'below')));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error).toMatchObject({ code: 'DISK_WRITE' });
    expect(error.message).toContain('part of the path is a file, not a folder');
  });
});
