import { byteSource, CHUNK_BYTES } from '@simvlm/bytes';
import { diskError, errorCode, type FileSystem, nodeFileSystem } from '@simvlm/checkpoint/node';
import type { TrainCallback } from '@simvlm/core';
import { AppendedFile } from './appended-file';

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

/**
 * Writes one JSON object a step to a file, and one an evaluation (`{"step":100,"val/loss":2.5}`). A resumed run, or one that is rolled back,
 * drops the lines after the step it goes on from, so that each step stands once, in order. A disk that is full does not end the training:
 * lines wait until it takes them.
 *
 * @throws CheckpointError DISK_WRITE when the file cannot be read or made
 */
export async function metricsWriter(
  file: string,
  { fromStep = 0, onWarning, fileSystem: fs = nodeFileSystem }: MetricsWriterOptions = {},
): Promise<MetricsWriter> {
  /** @returns the bytes that the file holds */
  const started = async (step: number): Promise<number> => {
    try {
      return await startFile(fs, file, step);
    } catch (error) {
      throw await diskError(fs, `the metrics ${file}`, file, error);
    }
  };
  const written = await started(fromStep);
  const lines = new AppendedFile(file, { what: 'the metrics', written, onWarning, fileSystem: fs });
  const add = (line: object) => lines.add(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  return {
    onStep: add,
    onEvaluation: (step, results) => add({ step, ...results }),
    // First the lines, then the checkpoint: after a crash the checkpoint that is resumed has all its steps in the file.
    beforeCheckpoint: () => lines.tryFlush(),
    async onRollback(step) {
      try {
        await lines.flush();
        lines.replaced(await started(step));
      } catch (error) {
        onWarning?.(error as Error);
      }
    },
    flush: () => lines.flush(),
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
  /** The last step of each kind of line: of a step, and of an evaluation after it. */
  const reached = new Map<Line['kind'], number>();
  let rest = '';
  for await (const chunk of source.chunks()) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!.slice(-CHUNK_BYTES);
    for (const line of lines) {
      const known = lineOf(line);
      if (!known || known.step <= (reached.get(known.kind) ?? 0) || known.step > limit) continue;
      reached.set(known.kind, known.step);
      kept.push(`${line}\n`);
    }
  }
  return kept.join('');
}

interface Line {
  readonly step: number;
  readonly kind: 'step' | 'evaluation';
}

/** Undefined for what is no line of ours. */
function lineOf(line: string): Line | undefined {
  try {
    const value = JSON.parse(line) as { step?: unknown };
    const { step } = value;
    if (!Number.isSafeInteger(step)) return undefined;
    // Metrics of evaluators have the evaluator's name before a slash.
    const kind = Object.keys(value).some(key => key.includes('/')) ? 'evaluation' : 'step';
    return { step: step as number, kind };
  } catch {
    return undefined;
  }
}
