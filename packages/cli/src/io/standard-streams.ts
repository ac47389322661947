import { writeProblem } from '@simvlm/core/node';
import { exitCode } from '../exit-code';

/** What `guardStandardStreams` needs of a process. */
interface Streams {
  readonly stdout: NodeJS.EventEmitter;
  readonly stderr: { on(event: 'error', listener: () => void): unknown; write(text: string): unknown };
  exit(code?: number): void;
}

/**
 * Says what happens when nobody can read what a command prints any more.
 *
 * Standard error carries progress and notes. They are not worth a run, so errors there are ignored: the reader of a log may go
 * (EPIPE), a terminal may close (EIO, ENXIO), the disk under a log may fill up.
 *
 * Standard output carries results. A reader that has seen enough, such as `head`, closes the pipe: the command ends quietly. When
 * results are lost for any other reason, such as a full disk, it ends with one line and exit code 1.
 */
export function guardStandardStreams(streams: Streams = process): void {
  streams.stderr.on('error', () => {});
  streams.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return streams.exit();
    streams.stderr.write(`error cannot write to standard output: ${writeProblem('-', error)}\n`);
    streams.exit(exitCode.failed);
  });
}
