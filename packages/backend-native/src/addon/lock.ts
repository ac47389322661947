import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Runs `work` while a file says that this process does; waits while another living process does. */
export async function whileLocked(file: string, work: () => Promise<void>): Promise<void> {
  while (!take(file)) await setTimeout(200);
  try {
    await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    const descriptor = openSync(file, 'wx'); // fails when it exists: one process gets it
    writeSync(descriptor, String(process.pid));
    closeSync(descriptor);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // A process that was killed leaves its lock behind.
    if (!isAlive(file)) rmSync(file, { force: true });
    return false;
  }
}

/** Longer than any compilation takes. */
const TOO_OLD = 15 * 60_000;

function isAlive(file: string): boolean {
  try {
    if (Date.now() - statSync(file).mtimeMs > TOO_OLD) return false;
    const pid = Number(readFileSync(file, 'utf8'));
    if (pid > 0) process.kill(pid, 0); // signal 0 only asks; an empty file is one that is just being written
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
