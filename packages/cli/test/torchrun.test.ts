import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { openTensors, readAll } from '@simvlm/checkpoint';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { torchrun } from '../../../scripts/parts/torchrun';
import { drawFolder, freePort, smallConfig, workingFolder } from './fixture';

const { describe } = await needs('torchrun');

const STEPS = 30;

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 40, 1);
  for (const name of ['undisturbed', 'fixed', 'standalone']) {
    // A checkpoint after each step.
    const change = { name, steps: STEPS, checkpointSeconds: 0, batch: { imageText: 15, textOnly: 0 } };
    folder.write(`${name}.json`, smallConfig('train', change));
  }
});
afterAll(() => folder.leave());

const launched: ChildProcess[] = [];
afterEach(() => {
  for (const child of launched.splice(0)) child.kill('SIGTERM');
});

/** `torchrun OPTIONS simvlm train NAME.json --resume auto`, from the sources, in two processes of this machine. */
function launch(name: string, ...options: string[]) {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const { python, args } = torchrun();
  const simvlm = [
    process.execPath,
    '--import',
    createRequire(import.meta.url).resolve('tsx'),
    path('../src/bin.ts'),
  ];
  const train = ['train', `${name}.json`, '--backend', 'native', '--resume', 'auto'];
  const child = spawn(
    python,
    [...args, '--no-python', '--nproc-per-node', '2', ...options, ...simvlm, ...train],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OMP_NUM_THREADS: '1', TSX_TSCONFIG_PATH: path('../../../tsconfig.json') },
    },
  );
  launched.push(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => void (printed += chunk));
  const ended = new Promise<{ code: number | null; printed: string }>((resolve, reject) => {
    child.on('error', reject).on('close', code => resolve({ code, printed }));
  });
  return { pid: child.pid!, ended };
}

/** The process of that rank among those that a launcher has started; undefined while there is none. */
function workerOf(launcher: number, rank: number): number | undefined {
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

const stepsOf = (name: string): { step: number; loss: number }[] => {
  try {
    const lines = readFileSync(`runs/${name}/metrics.jsonl`, 'utf8').split('\n').slice(0, -1);
    return lines.map(line => JSON.parse(line));
  } catch {
    return [];
  }
};

/** The newest checkpoint's step, 0 without one. */
function savedStep(name: string): number {
  try {
    const steps = readdirSync(`runs/${name}/checkpoints`).map(entry => /^step-(\d+)$/.exec(entry)?.[1]);
    return Math.max(0, ...steps.map(step => Number(step ?? 0)));
  } catch {
    return 0;
  }
}

async function until(isSo: () => boolean, ended: Promise<unknown>): Promise<void> {
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  while (!isSo() && !hasEnded) await new Promise(resolve => setTimeout(resolve, 10));
}

async function weightsOf(name: string) {
  const weights = await readAll(await openTensors(await openCheckpoint(`runs/${name}`), 'weights'));
  return [...weights].map(([key, { values }]) => [key, values]);
}

describe('torchrun --max-restarts 3', () => {
  beforeAll(async () => {
    const { code, printed } = await launch('undisturbed', '--standalone').ended;
    expect(code, printed).toBe(0);
  });

  test.each(['fixed', 'standalone'])(
    'resumes a run whose workers were killed: losses and weights are those of an undisturbed one, to the bit: %s',
    async name => {
      const meeting = name === 'fixed' ? ['--master-port', `${await freePort()}`] : ['--standalone'];
      const { pid, ended } = launch(name, ...meeting, '--max-restarts', '3');
      const killed: number[] = [];
      // First the one that writes, then the other: each some steps after it has begun.
      for (const rank of [0, 1]) {
        const from = savedStep(name);
        await until(() => savedStep(name) >= from + 3, ended);
        const worker = workerOf(pid, rank);
        if (worker === undefined) break;
        process.kill(worker, 'SIGKILL');
        killed.push(rank);
        await until(() => workerOf(pid, rank) !== worker, ended);
      }
      const { code, printed } = await ended;
      expect([code, killed], printed).toEqual([0, [0, 1]]);
      expect(printed.match(/going on from runs\/\w+\/checkpoints\/step-\d+/g), printed).toHaveLength(2);

      const [whole, resumed] = [stepsOf('undisturbed'), stepsOf(name)];
      expect(resumed.map(({ step }) => step)).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
      expect(resumed.map(({ loss }) => loss)).toEqual(whole.map(({ loss }) => loss));
      expect(await weightsOf(name)).toEqual(await weightsOf('undisturbed'));
      // The lock of the killed is in nobody's way.
      expect(readdirSync(`runs/${name}`).sort()).toEqual(['checkpoints', 'metrics.jsonl']);
    },
  );
});
