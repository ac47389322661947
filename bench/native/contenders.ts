/** Who is compared on a CPU, as commands. */
import { fileURLToPath } from 'node:url';
import { pythonWithTorch } from '../../scripts/parts/python';
import type { ChildOptions, Contender } from './contest';

/** PyTorch as it is, and compiled. */
const peerNames = { eager: 'PyTorch', default: 'PyTorch, torch.compile' } as const;

/** Whether a contender of this name is PyTorch. */
export function isPeer(name: string): boolean {
  return Object.values<string>(peerNames).includes(name);
}

/** That of `SIMVLM_PYTHON`, else the one whose libtorch the native backend uses. */
export function python(): string {
  return process.env.SIMVLM_PYTHON || pythonWithTorch().python;
}

/** As far as the environment goes: the addon itself decides on OpenBLAS's kernels, and PyTorch then gets the same. */
const environment = (threads: number) => ({
  OPENBLAS_NUM_THREADS: `${threads}`,
  OMP_NUM_THREADS: `${threads}`,
  OPENBLAS_CORETYPE: undefined,
  ATEN_CPU_CAPABILITY: undefined,
});

/** One of our backends. */
export function ourContender(name: string, choice: ChildOptions, folder: string): Contender {
  const child = fileURLToPath(new URL('./child.ts', import.meta.url));
  return {
    name,
    command: process.execPath,
    args: ['--expose-gc', '--import', 'tsx', child, folder, JSON.stringify(choice)],
    env: environment(choice.threads),
  };
}

/** PyTorch, eager and compiled. @param options see peer.py */
export function pytorchContenders(
  folder: string,
  options: {
    readonly threads: number;
    readonly rows?: number;
    readonly large?: boolean;
    readonly trial?: boolean;
  },
): Contender[] {
  const peer = fileURLToPath(new URL('./peer.py', import.meta.url));
  return (['eager', 'default'] as const).map(mode => ({
    name: peerNames[mode],
    command: python(),
    args: [peer, folder, JSON.stringify({ ...options, mode })],
    env: environment(options.threads),
  }));
}
