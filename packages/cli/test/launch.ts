import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { openTensors, readAll } from '@simvlm/checkpoint';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { simvlmProgram } from '../../../scripts/parts/program';
import { torchrun } from '../../../scripts/parts/torchrun';

export interface LaunchOptions {
  /** torchrun's own. */
  readonly options: readonly string[];
  /** What stands before the program: `ip netns exec NAME`. */
  readonly inside?: readonly string[];
}

const launched = new Set<ChildProcess>();

/** Ends what is still running. */
export function endLaunched(): void {
  for (const child of launched) child.kill('SIGTERM');
  launched.clear();
}

/** `torchrun OPTIONS simvlm train NAME.json --resume auto`. */
export function launch(name: string, { options, inside = [] }: LaunchOptions) {
  const { python, args } = torchrun();
  const simvlm = simvlmProgram();
  const train = ['train', `${name}.json`, '--backend', 'native', '--resume', 'auto'];
  const [program, ...rest] = [
    ...inside,
    python,
    ...args,
    '--no-python',
    ...options,
    ...simvlm.command,
    ...train,
  ];
  const child = spawn(program!, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...simvlm.env, OMP_NUM_THREADS: '1' },
  });
  launched.add(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => void (printed += chunk));
  const ended = new Promise<{ code: number | null; printed: string }>((resolve, reject) => {
    child.on('error', reject).on('close', code => {
      launched.delete(child);
      resolve({ code, printed });
    });
  });
  return { pid: child.pid!, ended };
}

/** The process of that rank among those that a launcher has started; undefined while there is none. */
export function workerOf(launcher: number, rank: number): number | undefined {
  for (const entry of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0');
      if (Number(parent) === launcher && environment.includes(`RANK=${rank}`)) return Number(entry);
    } catch {
      // It has ended since the folder was read.
    }
  }
  return undefined;
}

export const stepsOf = (name: string): { step: number; loss: number }[] => {
  try {
    const lines = readFileSync(`runs/${name}/metrics.jsonl`, 'utf8').split('\n').slice(0, -1);
    return lines.map(line => JSON.parse(line));
  } catch {
    return [];
  }
};

/** The newest checkpoint's step, 0 without one. */
export function savedStep(name: string): number {
  try {
    const steps = readdirSync(`runs/${name}/checkpoints`).map(entry => /^step-(\d+)$/.exec(entry)?.[1]);
    return Math.max(0, ...steps.map(step => Number(step ?? 0)));
  } catch {
    return 0;
  }
}

/** Waits for something that a run does, or for its end. */
export async function until(isSo: () => boolean, ended: Promise<unknown>): Promise<void> {
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  while (!isSo() && !hasEnded) await new Promise(resolve => setTimeout(resolve, 10));
}

/** By name. */
export async function weightsOf(name: string): Promise<[string, Float32Array][]> {
  const weights = await readAll(await openTensors(await openCheckpoint(`runs/${name}`), 'weights'));
  return [...weights].map(([key, { values }]) => [key, values]);
}
