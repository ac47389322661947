import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@simvlm/core';
import { isRunning } from '@simvlm/core/node';
import { diskError } from './disk-error';
import { errorCode, nodeFileSystem } from './file-system';

/** A folder that only this process writes to. */
export interface FolderLock {
  /** The dead process whose lock was taken over, where there was one. */
  readonly takenFrom?: LockNote;
  /** Lets others in. */
  release(): Promise<void>;
}

/** What the lock's file says of its holder. */
export interface LockNote {
  readonly pid: number;
  readonly host: string;
  /** When the process began, as Linux counts it: a number that went to another process does not hold the lock. */
  readonly started: string | null;
  /** Date and time of the lock. */
  readonly since: string;
  /** Tells two locks of one process apart. */
  readonly id: string;
  /** See `LockOptions`; null for a process started on its own. */
  readonly launch?: string | null;
}

export interface LockOptions {
  /**
   * What the processes of one launch have in common, over all machines and restarts. The launcher ends all processes before it starts
   * them again: so the lock of another machine's process of the same launch is that of a dead one.
   */
  readonly launch?: string | undefined;
  /** Milliseconds to wait for whoever holds it; default 0. */
  readonly patience?: number | undefined;
}

/** Milliseconds between two looks at a lock that is waited for. */
const LOOK = 100;

/** The same while another process removes a dead one. */
const CLAIM = 2;

/** The lock's name in its folder. */
const LOCK = 'lock';

/**
 * Makes this process the one writer of a folder, which is made where it is missing. The lock of a process that is dead is taken over.
 *
 * @param folder such as `runs/demo`
 * @throws ConfigError that names the process holding it; CheckpointError DISK_WRITE when no lock can be written
 */
export async function lockFolder(
  folder: string,
  { launch, patience = 0 }: LockOptions = {},
): Promise<FolderLock> {
  const path = join(folder, LOCK);
  const deadline = Date.now() + patience;
  const own: LockNote = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid),
    since: new Date().toISOString(),
    id: randomUUID(),
    launch: launch ?? null,
  };
  try {
    await mkdir(folder, { recursive: true });
    let takenFrom: LockNote | undefined;
    while (!(await create(path, own))) {
      const held = await read(path);
      // Released, or taken over by another, between the two.
      if (held === 'gone') continue;
      if (isAlive(held, own)) {
        if (Date.now() >= deadline) throw inUse(folder, path, held);
        await new Promise(resolve => setTimeout(resolve, LOOK));
        continue;
      }
      if (await removeDead(path, held, own)) takenFrom = held;
      // Another process is about to.
      else await new Promise(resolve => setTimeout(resolve, CLAIM));
    }
    return { ...(takenFrom && { takenFrom }), release: () => release(path, own) };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw await diskError(nodeFileSystem, `the lock ${path}`, folder, error);
  }
}

/** Whether the lock is ours now. */
async function create(path: string, note: LockNote): Promise<boolean> {
  // Written beside and linked, so that the lock is never there without its contents.
  const beside = `${path}.${note.id}`;
  const file = await open(beside, 'wx');
  try {
    await file.writeFile(`${JSON.stringify(note)}\n`);
  } finally {
    await file.close();
  }
  try {
    await link(beside, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(beside);
  }
}

/** @throws ConfigError for a file that something else wrote */
async function read(path: string): Promise<LockNote | 'gone'> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'gone';
    throw error;
  }
  const note = parse(text);
  if (!note)
    throw new ConfigError(
      'CONFIG_INVALID',
      `${path} does not say which process holds it: delete it if none writes there`,
    );
  return note;
}

function parse(text: string): LockNote | undefined {
  try {
    const note = JSON.parse(text) as LockNote | null;
    return Number.isSafeInteger(note?.pid) && typeof note?.host === 'string' ? note : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Removes the lock of a dead process, whoever else has found it. Who removes it holds a claim on this very lock, which is a lock of its own: under
 * the claim it is either still there, as nobody else may remove it, or gone for good, as its id never comes back. So nobody removes a lock
 * that a living process has put in its place.
 *
 * @returns whether this call has removed it
 */
async function removeDead(path: string, dead: LockNote, own: LockNote): Promise<boolean> {
  const claim = `${path}.${dead.id}`;
  if (!(await create(claim, own))) {
    const claimed = await read(claim);
    if (claimed !== 'gone' && !isAlive(claimed, own)) await removeDead(claim, claimed, own);
    return false;
  }
  try {
    const found = await read(path);
    if (found === 'gone' || found.id !== dead.id) return false;
    await unlink(path);
    return true;
  } finally {
    await unlink(claim);
  }
}

async function release(path: string, own: LockNote): Promise<void> {
  const held = await read(path);
  if (held !== 'gone' && held.id === own.id) await unlink(path);
}

/** Of a process on another machine nothing can be known but that its launcher has ended it: else it counts as alive. */
function isAlive({ pid, host, started, launch }: LockNote, own: LockNote): boolean {
  if (host !== own.host) return own.launch === null || launch !== own.launch;
  if (!isRunning(pid)) return false;
  const now = startOf(pid);
  return started === null || now === null || started === now;
}

/** Field 22 of `/proc/PID/stat`; null where there is no such file. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the program's name, may hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function inUse(folder: string, path: string, { pid, host, since }: LockNote): ConfigError {
  const where = host === hostname() ? '' : ` on ${host}`;
  const advice =
    host === hostname()
      ? 'wait for it, stop it, or use another name'
      : `if it is not running any more, delete ${path}`;
  return new ConfigError(
    'CONFIG_INVALID',
    `${folder} is being written by process ${pid}${where} since ${since}: ${advice}`,
  );
}
