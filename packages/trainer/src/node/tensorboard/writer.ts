import { join } from 'node:path';
import { diskError, type FileSystem, nodeFileSystem } from '@simvlm/checkpoint/node';
import type { TrainCallback } from '@simvlm/core';
import { AppendedFile } from '../appended-file';
import { type EventContent, event } from './event';
import { record } from './records';

/** A callback that writes what each step was, for TensorBoard. */
export interface TensorBoardWriter extends TrainCallback {
  /** The file of this session. */
  readonly file: string;
  /** Writes what is waiting. @throws CheckpointError DISK_WRITE; what is waiting stays, for another try */
  flush(): Promise<void>;
}

export interface TensorBoardOptions {
  /** The last step that holds: that of the checkpoint a resumed run goes on from. Default 0: a run begins. */
  readonly fromStep?: number;
  /** Told once when the file cannot be written, for as long as that lasts: events wait in memory. */
  readonly onWarning?: (error: Error) => void;
  readonly fileSystem?: FileSystem;
}

const FILE = /^events\.out\.tfevents\.(\d+)\.simvlm$/;

/**
 * Writes event files that `tensorboard --logdir FOLDER` reads: of each step the loss, the learning rate, the gradient norm, the speed
 * and the seconds of waiting for data, and the results of evaluators by their names. Each session of a run has a file of its own, and says from which step on it holds: what
 * sessions before it wrote of later steps, TensorBoard forgets. The same when a run is rolled back.
 *
 * @throws CheckpointError DISK_WRITE when the folder cannot be made or read
 */
export async function tensorboardWriter(
  folder: string,
  { fromStep = 0, onWarning, fileSystem = nodeFileSystem }: TensorBoardOptions = {},
): Promise<TensorBoardWriter> {
  let name: string;
  try {
    await fileSystem.makeFolder(folder);
    name = nextName(await fileSystem.list(folder));
  } catch (error) {
    throw await diskError(fileSystem, `event files in ${folder}`, folder, error);
  }
  const options = { what: 'the event file', written: 0, onWarning, fileSystem };
  const file = new AppendedFile(join(folder, name), options);
  const add = (step: number, content: EventContent) =>
    file.add(record(event(Date.now() / 1000, step, content)));
  // The version from which on a reader knows sessions.
  await add(0, { fileVersion: 'brain.Event:2' });
  await add(fromStep + 1, { start: true });
  return {
    file: file.path,
    onStep: ({ step, loss, learningRate, gradientNorm, rowsPerSecond, waited }) => {
      const numbers = { loss, learningRate, gradientNorm, rowsPerSecond, waited };
      const scalars = Object.entries(numbers).map(([key, value]) => [`train/${key}`, value] as const);
      return add(step, { scalars: Object.fromEntries(scalars) });
    },
    onEvaluation: (step, scalars) => add(step, { scalars }),
    onRollback: step => add(step + 1, { start: true }),
    beforeCheckpoint: () => file.tryFlush(),
    flush: () => file.flush(),
  };
}

/** Readers take files in the order of their names: behind those there are, whatever the clock says. */
function nextName(entries: readonly string[]): string {
  const last = Math.max(0, ...entries.map(entry => Number(FILE.exec(entry)?.[1] ?? 0)));
  const number = Math.max(Math.floor(Date.now() / 1000), last + 1);
  return `events.out.tfevents.${String(number).padStart(10, '0')}.simvlm`;
}
