import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { KeepRules } from '@simvlm/checkpoint';
import {
  type FolderCheckpoint,
  type FolderLock,
  type FolderStorage,
  folderStorage,
  lockFolder,
  openCheckpoint,
} from '@simvlm/checkpoint/node';
import { CheckpointError, ConfigError } from '@simvlm/core';
import { checkpointTrainerState } from '@simvlm/trainer';
import { checkpointRunConfig } from '../checkpoint';
import type { RunConfig } from '../config/schema';
import type { Reporter } from '../reporter';
import { checkResume } from '../resume';

/** Where runs go. */
const RUNS = 'runs';

/** The folder of a run, which this process alone writes to. */
export interface RunFolder {
  /** `runs/NAME`, unless it was asked for elsewhere. */
  readonly path: string;
  readonly storage: FolderStorage;
  /** Lets others in. */
  close(): Promise<void>;
}

/** `runs/NAME`. */
export function runPath(name: string): string {
  return join(RUNS, name);
}

/** Where the checkpoints of a run are. */
function checkpointsOf(path: string, keep?: KeepRules): FolderStorage {
  return folderStorage(join(path, 'checkpoints'), { ...(keep && { keep }) });
}

/** Whether a name is taken: only a folder with a checkpoint is a run, as a try that failed before its first leaves nothing to go on from. */
export async function holdsRun(name: string): Promise<boolean> {
  return hasCheckpoint(checkpointsOf(runPath(name)));
}

/**
 * Takes the folder of a new run.
 *
 * @throws ConfigError when it holds a run, or another process writes to it; CheckpointError when it cannot be written
 */
export async function newRunFolder(config: RunConfig, reporter: Reporter): Promise<RunFolder> {
  return lockedFolder(config, reporter, async folder => {
    if (await hasCheckpoint(folder.storage))
      throw new ConfigError(
        'CONFIG_INVALID',
        `${folder.path} holds a run already: go on with --resume ${folder.path}, or give another --set name=…`,
      );
  });
}

/**
 * Takes the folder of a run that goes on. Where that is at an earlier checkpoint, this one is the newest from now on.
 *
 * @throws ConfigError when another process writes to it, or it holds another run than the checkpoint's
 */
export async function resumedRunFolder(
  config: RunConfig,
  checkpoint: FolderCheckpoint,
  reporter: Reporter,
): Promise<RunFolder> {
  return lockedFolder(config, reporter, async ({ path, storage }) => {
    if (!isInside(path, checkpoint.folder)) return checkMoved(path, storage, checkpoint, config);
    const abandoned = await storage.goBackTo(checkpoint);
    if (abandoned.length > 0)
      reporter.note(`going back to ${checkpoint.folder}; later ones are abandoned: ${abandoned.join(', ')}`);
  });
}

/** A run folder, and what to go on from where it holds a run. */
export interface NewOrResumed {
  readonly folder: RunFolder;
  readonly resume: FolderCheckpoint | undefined;
}

/**
 * Takes the folder of a run that goes on where it has a checkpoint, and begins where it has none.
 *
 * @throws what `newRunFolder` and `openResume` do
 */
export async function newOrResumedRunFolder(
  config: RunConfig,
  reporter: Reporter,
  place: RunPlace = {},
): Promise<NewOrResumed> {
  let resume: FolderCheckpoint | undefined;
  const check: FolderCheck = async ({ path, storage }) => {
    const latest = await storage.latest();
    resume = latest && (await openResume(latest.folder, config, reporter));
    reporter.note(resume ? `going on from ${resume.folder}` : `${path} holds no checkpoint yet: beginning`);
  };
  // Nobody adds a checkpoint between the look and the lock.
  const folder = await lockedFolder(config, reporter, check, place);
  return { folder, resume };
}

/** How long another machine's disk may take to show what process 0 has written: an NFS client keeps a listing for a minute. */
const SHOWN_WITHIN_MS = 90_000;

/**
 * The checkpoint of that step, for a process that writes nothing and does as process 0 says.
 *
 * @throws ConfigError when it is not to be seen here, and what `openResume` does
 */
export async function followedCheckpoint(
  config: RunConfig,
  step: number,
  reporter: Reporter,
  within = SHOWN_WITHIN_MS,
): Promise<FolderCheckpoint> {
  const path = runPath(config.name);
  for (const deadline = Date.now() + within; ; ) {
    const latest = await checkpointsOf(path).latest();
    if (latest && (await checkpointTrainerState(latest)).step === step)
      return openResume(latest.folder, config, reporter);
    if (Date.now() >= deadline) break;
    await new Promise(resolve => setTimeout(resolve, Math.min(500, within)));
  }
  throw new ConfigError(
    'CONFIG_INVALID',
    `process 0 goes on from step ${step}, whose checkpoint ${path} does not hold here: all processes need the same run folder, such as on a shared disk`,
  );
}

/**
 * The checkpoint to go on from, known to be of this configuration.
 *
 * @throws ConfigError when the configuration differs in what a run cannot change, or has fewer steps than are done
 */
export async function openResume(
  path: string,
  config: RunConfig,
  reporter: Reporter,
): Promise<FolderCheckpoint> {
  const checkpoint = await openCheckpoint(path);
  await checkResume(checkpoint, config, reporter, path);
  return checkpoint;
}

/** What `torchrun` gives all processes that it starts and starts again; `none` is what it says where it was not told. */
function launchOf({ TORCHELASTIC_RUN_ID: id }: NodeJS.ProcessEnv): string | undefined {
  return id === 'none' ? undefined : id || undefined;
}

/** The folder of a run, where it is not as usual. */
interface RunPlace {
  /** Default: `runs/NAME`. */
  readonly path?: string;
  /** Milliseconds to wait for another process that writes to it; default 0. */
  readonly patience?: number;
}

type FolderCheck = (folder: Omit<RunFolder, 'close'>) => Promise<void>;

async function lockedFolder(
  { name, checkpoints }: RunConfig,
  reporter: Reporter,
  check: FolderCheck,
  { path = runPath(name), patience = 0 }: RunPlace = {},
): Promise<RunFolder> {
  const lock: FolderLock = await lockFolder(path, { launch: launchOf(process.env), patience });
  const folder = { path, storage: checkpointsOf(path, checkpoints.keep), close: () => lock.release() };
  try {
    if (lock.takenFrom)
      reporter.warn(
        `process ${lock.takenFrom.pid}, which wrote to ${path}, has ended: its lock is taken over`,
      );
    await check(folder);
    return folder;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A checkpoint from elsewhere, such as a backup, goes on in a folder of its own name that holds no run. */
async function checkMoved(
  path: string,
  storage: FolderStorage,
  checkpoint: FolderCheckpoint,
  config: RunConfig,
): Promise<void> {
  const { name } = await checkpointRunConfig(checkpoint);
  const init = `or begin a new run with its weights: --init ${checkpoint.folder}`;
  if (name !== config.name)
    throw new ConfigError(
      'CONFIG_INVALID',
      `${checkpoint.folder} is of the run "${name}", and this one is "${config.name}": go on with --set name=${name}, ${init}`,
    );
  if (await hasCheckpoint(storage))
    throw new ConfigError(
      'CONFIG_INVALID',
      `${checkpoint.folder} is not a checkpoint of ${path}, which holds a run already: resume that one, ${init}`,
    );
}

/** A damaged one counts: a new run must not write over what may be repaired. */
async function hasCheckpoint(storage: FolderStorage): Promise<boolean> {
  try {
    return (await storage.latest()) !== undefined;
  } catch (error) {
    if (error instanceof CheckpointError) return true;
    throw error;
  }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
