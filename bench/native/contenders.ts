/** Who is compared on a CPU, as commands. */
import { fileURLToPath } from 'node:url';
import type { ChildOptions, Contender } from './contest';

export const PYTORCH = 'PyTorch';
/** Debian's, whose libtorch the native backend is built on too. */
const PYTHON = '/usr/bin/python3';

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

/** @param options see peer.py */
export function pytorchContender(
  folder: string,
  options: {
    readonly threads: number;
    readonly rows?: number;
    readonly large?: boolean;
    readonly trial?: boolean;
  },
): Contender {
  const peer = fileURLToPath(new URL('./peer.py', import.meta.url));
  return {
    name: PYTORCH,
    command: PYTHON,
    args: [peer, folder, JSON.stringify(options)],
    env: environment(options.threads),
  };
}
