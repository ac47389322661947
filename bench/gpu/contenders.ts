/** Who is compared on a GPU, as commands. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BackendChoice } from '../lib/backend';
import type { Contender } from '../native/contest';

export interface Setting {
  /** Of the problem. */
  readonly folder: string;
  readonly device: 'cpu' | 'cuda';
  readonly threads: number;
  readonly precision: NonNullable<BackendChoice['precision']>;
  /** Of each batch in training; all without it. */
  readonly rows?: number;
}

/** cuBLAS and cuDNN are told by the environment what they may do, ours and PyTorch's alike. */
const environments: Record<Setting['precision'], Record<string, string>> = {
  float32: { NVIDIA_TF32_OVERRIDE: '0' },
  tf32: { TORCH_ALLOW_TF32_CUBLAS_OVERRIDE: '1' },
  bfloat16: {},
};

/** In the pack, bundles lie beside one another; in the repository, TypeScript runs as it is. */
const packed = import.meta.url.endsWith('.mjs');
const here = fileURLToPath(new URL('.', import.meta.url));
const child = packed ? [join(here, 'child.mjs')] : ['--import', 'tsx', join(here, '../native/child.ts')];

/** The Python that has PyTorch. */
export const python = process.env.PYTHON ?? 'python3';
export const ceilings = join(here, packed ? '../gpu/ceilings.py' : 'ceilings.py');

export function ours(mode: 'eager' | 'graph', setting: Setting): Contender {
  return contender(`SimVLM ${mode}`, process.execPath, child, setting, { backend: 'native', mode });
}

export function pytorch(mode: 'eager' | 'default' | 'max-autotune', setting: Setting): Contender {
  const name = { eager: 'eager', default: 'compile', 'max-autotune': 'compile, max-autotune' }[mode];
  return contender(`PyTorch ${name}`, python, [join(here, '../native/peer.py')], setting, { mode });
}

function contender(
  name: string,
  command: string,
  args: string[],
  { folder, ...setting }: Setting,
  more: object,
): Contender {
  return {
    name,
    command,
    args: [...args, folder, JSON.stringify({ ...setting, ...more })],
    env: environments[setting.precision],
  };
}
