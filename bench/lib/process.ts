import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * A process that writes one JSON line when it is ready and one in answer to each JSON line. It is killed when `limit` aborts.
 *
 * @throws Error, as `ask` does, when it ends without an answer
 */
export async function startChild<Hello>(
  command: string,
  args: string[],
  env: Readonly<Record<string, string | undefined>> = {},
  limit?: AbortSignal,
) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, ...(limit && { signal: limit }) });
  let errors = '';
  child.stderr.on('data', chunk => (errors = `${errors}${chunk}`.slice(-2000)));
  // A process that has ended is noticed by its missing answer.
  child.stdin.on('error', () => {});
  const gone = new Promise<void>(resolve => child.once('close', () => resolve()));
  const failed = new Promise<Error>(resolve => {
    child.once('error', resolve);
    child.once('close', (code, signal) =>
      resolve(new Error(`it ended with ${signal ?? `code ${code}`}: ${message(errors)}`)),
    );
  });
  const lines = createInterface({ input: child.stdout });
  const answer = <T>() =>
    new Promise<T>((resolve, reject) => {
      const line = (text: string) => resolve(JSON.parse(text));
      lines.once('line', line);
      void failed.then(error => {
        lines.off('line', line);
        reject(error);
      });
    });
  const stop = () => {
    child.kill();
    return gone;
  };
  const hello = await answer<Hello>().catch(async error => {
    await stop();
    throw error;
  });
  return {
    hello,
    ask<T>(request: object) {
      const reply = answer<T>();
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return reply;
    },
    /** Done once it is gone, and its memory with it. */
    stop,
  };
}

export interface Usage {
  readonly seconds: number;
  /** Peak of the resident memory; null without GNU time. */
  readonly mebibytes: number | null;
  /** Of all threads together. */
  readonly cpuSeconds: number | null;
}

const GNU_TIME = '/usr/bin/time';

/** Runs a whole process, from its start to its end. */
export function measure(command: string, args: string[]): Promise<Usage> {
  const report = join(tmpdir(), `simvlm-bench-${process.pid}.txt`);
  // Node would count its own memory for its child; GNU time starts the process from a small one.
  const measured = existsSync(GNU_TIME);
  const whole = measured ? [GNU_TIME, '-f', '%M %U %S', '-o', report, command, ...args] : [command, ...args];
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(whole[0]!, whole.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', chunk => (errors = `${errors}${chunk}`.slice(-2000)));
    child.on('error', reject);
    child.on('close', code => {
      const seconds = (performance.now() - start) / 1000;
      // GNU time puts a line of its own before the numbers of a process that failed.
      const numbers = measured ? readFileSync(report, 'utf8').trim().split('\n').at(-1)!.split(' ') : [];
      rmSync(report, { force: true });
      if (code !== 0) return reject(new Error(`${command} ended with code ${code}: ${message(errors)}`));
      const [kibibytes, user, system] = numbers.map(Number) as [number, number, number];
      resolve({
        seconds,
        mebibytes: measured ? kibibytes / 1024 : null,
        cpuSeconds: measured ? user + system : null,
      });
    });
  });
}

/** Seconds of a process that reads a file and whose output goes nowhere. */
export function secondsOf(command: string, args: string[], input: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const file = openSync(input, 'r');
    const start = performance.now();
    const child = spawn(command, args, { stdio: [file, 'ignore', 'ignore'] });
    closeSync(file);
    child.on('error', reject);
    child.on('exit', code => {
      if (code === 0) resolve((performance.now() - start) / 1000);
      else reject(new Error(`${command} ended with code ${code}`));
    });
  });
}

/** What `COMMAND --version` says; null when there is no such command. */
export function versionOf(command: string): string | null {
  const { error, stdout, stderr } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return error ? null : (`${stdout}${stderr}`.match(/\d+(\.\d+)+/)?.[0] ?? 'unknown');
}

/** The line that says what went wrong; Node ends its report with its own version. */
function message(errors: string): string {
  const lines = errors.trim().split('\n');
  return lines.find(line => /^[\w.]*Error\b/.test(line)) ?? lines.at(-1)!;
}
