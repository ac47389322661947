import { byteSource, CHUNK_BYTES } from '@simvlm/bytes';
import { diskError, errorCode, type FileSystem, nodeFileSystem } from '@simvlm/checkpoint/node';
import type { TrainCallback } from '@simvlm/core';

/** A callback that writes what each step was. */
export interface MetricsWriter extends TrainCallback {
  /** Writes what is waiting. @throws CheckpointError DISK_WRITE; what is waiting stays, for another try */
  flush(): Promise<void>;
}

export interface MetricsWriterOptions {
  /** The last step that stays: that of the checkpoint a resumed run goes on from. Default 0: the file begins anew. */
  readonly fromStep?: number;
  /** Told once when the file cannot be written, for as long as that lasts: the lines wait in memory. */
  readonly onWarning?: (error: Error) => void;
  readonly fileSystem?: FileSystem;
}

/** Lines are on the disk this long after their step, in milliseconds; before a checkpoint is written, at once. */
const FLUSH_AFTER = 2000;

/**
 * Writes one JSON object a step to a file. A resumed run drops the lines after the step it goes on from, so that each step stands once,
 * in order. A disk that is full does not end the training: lines wait until it takes them.
 *
 * @throws CheckpointError DISK_WRITE when the file cannot be read or made
 */
export async function metricsWriter(
  file: string,
  { fromStep = 0, onWarning, fileSystem: fs = nodeFileSystem }: MetricsWriterOptions = {},
): Promise<MetricsWriter> {
  /** Bytes of whole lines that the file is known to hold. */
  let written: number;
  try {
    written = await startFile(fs, file, fromStep);
  } catch (error) {
    throw await diskError(fs, `the metrics ${file}`, file, error);
  }
  let waiting: string[] = [];
  let last = Date.now();
  let warned = false;

  async function flush(): Promise<void> {
    last = Date.now();
    if (waiting.length === 0) return;
    const bytes = new TextEncoder().encode(waiting.join(''));
    try {
      // From the last whole line on: a write that failed may have left a part of its own.
      await fs.writeFrom(file, written, bytes);
    } catch (error) {
      throw await diskError(fs, `the metrics ${file}`, file, error, { needed: bytes.length });
    }
    written += bytes.length;
    waiting = [];
    warned = false;
  }

  async function tryFlush(): Promise<void> {
    try {
      await flush();
    } catch (error) {
      if (!warned) onWarning?.(error as Error);
      warned = true;
    }
  }

  return {
    async onStep(metrics) {
      waiting.push(`${JSON.stringify(metrics)}\n`);
      if (Date.now() - last > FLUSH_AFTER) await tryFlush();
    },
    // First the lines, then the checkpoint: after a crash the checkpoint that is resumed has all its steps in the file.
    beforeCheckpoint: tryFlush,
    flush,
  };
}

/** Keeps the lines up to a step. The file is replaced at once: a crash leaves the one before or this. @returns its bytes */
async function startFile(fs: FileSystem, file: string, fromStep: number): Promise<number> {
  const lines = fromStep === 0 ? '' : await linesUpTo(fs, file, fromStep);
  const bytes = new TextEncoder().encode(lines);
  const beside = `${file}.tmp`;
  await fs.writeFrom(beside, 0, bytes);
  await fs.rename(beside, file);
  return bytes.length;
}

/** The lines of steps up to a limit, each once, in order. What a crash cut in half is dropped. */
async function linesUpTo(fs: FileSystem, file: string, limit: number): Promise<string> {
  let size: number;
  try {
    size = await fs.size(file);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
  const source = byteSource(size, async (begin, into) => {
    await fs.read(file, begin, into);
  });
  const decoder = new TextDecoder();
  const kept: string[] = [];
  let reached = 0;
  let rest = '';
  for await (const chunk of source.chunks()) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!.slice(-CHUNK_BYTES);
    for (const line of lines) {
      const step = stepOf(line);
      if (step === undefined || step <= reached || step > limit) continue;
      reached = step;
      kept.push(`${line}\n`);
    }
  }
  return kept.join('');
}

function stepOf(line: string): number | undefined {
  try {
    const { step } = JSON.parse(line) as { step?: unknown };
    return Number.isSafeInteger(step) ? (step as number) : undefined;
  } catch {
    return undefined;
  }
}
