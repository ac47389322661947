import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const TEMPORARY = /^(.*)\.tmp-(\d+)(?:-\d+)?$/s;

/** Paths that this process has given out and that may still be in use. */
const inUse = new Set<string>();
let count = 0;

/**
 * Calls `use` with a path beside `path` that nobody else writes to: `path.tmp-<process id>-<number>`. The name says whose it is, so
 * that `clearLeftovers` can tell what a killed process left behind. `use` renames or removes what it made there.
 */
export async function temporaryPath<T>(path: string, use: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = join(dirname(path), `${basename(path)}.tmp-${process.pid}-${++count}`);
  inUse.add(temporary);
  try {
    return await use(temporary);
  } finally {
    inUse.delete(temporary);
  }
}

/**
 * Removes the temporary files and folders beside `path` that processes of this machine left behind when they were killed; those of
 * running processes stay. A leftover that cannot be removed harms nobody and is tried again next time.
 *
 * @param isOurs which finished files the leftovers may be of, by name; default: `path` alone
 */
export async function clearLeftovers(
  path: string,
  isOurs: (name: string) => boolean = name => name === basename(path),
): Promise<void> {
  const folder = dirname(path);
  // A folder that cannot be read, or is not there, has nothing that could be removed.
  for (const entry of await readdir(folder).catch(() => [])) {
    const [, name, id] = TEMPORARY.exec(entry) ?? [];
    if (name === undefined || !isOurs(name)) continue;
    const place = join(folder, entry);
    // In a container a process often has the id of the one that was killed before it.
    const isUsed = Number(id) === process.pid ? inUse.has(place) : isRunning(Number(id));
    if (!isUsed) await rm(place, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Whether a process of this id runs on this machine, whoever owns it. */
export function isRunning(pid: number): boolean {
  try {
    // Signal 0 is not sent; it only asks.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
