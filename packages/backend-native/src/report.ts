import { readFileSync } from 'node:fs';
import type { Precision } from '@simvlm/core';
import { hasOpenBlasOnPosixThreads } from './addon/blas';
import { nativeStatus } from './addon/index';
import type { CpuInfo, NativeAddon } from './addon/interface';
import { findTarget, loadAddon } from './addon/load';
import { thisMachine } from './addon/locate';
import type { Libtorch } from './addon/machine';

/** What the native backend has to work with on this machine, and what would make it faster. */
export interface NativeReport {
  /** Null where there is none. */
  readonly libtorch: {
    readonly version: string;
    /** Null without CUDA. */
    readonly cuda: string | null;
    readonly folder: string;
    /** What led to it, such as `SIMVLM_LIBTORCH`. */
    readonly source: string;
  } | null;
  /** Null while the addon is not compiled. */
  readonly cpu: CpuInfo | null;
  /** What `device` can be here: `cpu`, then the CUDA devices that work, with their names. Empty while the addon is not compiled. */
  readonly devices: readonly { readonly name: string; readonly description: string }[];
  /** `hardware`: whether the CPU has instructions for it; elsewhere it is correct, but gains nothing on the CPU. */
  readonly precisions: readonly { readonly name: Precision; readonly hardware: boolean }[];
  /** Why nothing better is used, with what to do about it; a line each, the most important first. */
  readonly advice: readonly string[];
}

/** Looks at the libtorch of this machine, loads the addon where it is compiled, and compiles nothing. Never throws. */
export async function nativeReport(): Promise<NativeReport> {
  const status = nativeStatus();
  if (!status.found)
    return { libtorch: null, cpu: null, devices: [], precisions: [], advice: [status.reason] };
  const { libtorch, features } = findTarget();
  const known = {
    libtorch: {
      version: libtorch.version,
      cuda: libtorch.cuda,
      folder: libtorch.libDirs[0]!,
      source: libtorch.source,
    },
    precisions: [
      { name: 'float32', hardware: true },
      { name: 'bfloat16', hardware: hasBfloat16(cpuFlags()) },
    ] as const,
  };
  const { hasGpu } = thisMachine();
  if (!status.built) {
    const advice = ['the addon is not built: simvlm native build', ...withoutGpu(libtorch, hasGpu, 0)];
    return { ...known, cpu: null, devices: [], advice };
  }
  let addon: NativeAddon;
  try {
    addon = await loadAddon({ build: false });
  } catch (error) {
    return { ...known, cpu: null, devices: [], advice: [(error as Error).message] };
  }
  const cpu = addon.cpuInfo();
  const gpus = addon.cudaDevices();
  return {
    ...known,
    cpu,
    devices: [
      { name: 'cpu', description: cpu.capability },
      ...gpus.map((description, i) => ({ name: `cuda:${i}`, description })),
    ],
    advice: [
      ...withoutGpu(libtorch, hasGpu, gpus.length),
      ...(hasGpu ? features.leftOut : []),
      ...withoutBlas(
        cpu,
        libtorch.libDirs.some(folder => hasOpenBlasOnPosixThreads(folder)),
      ),
    ],
  };
}

/** Why no GPU computes. */
export function withoutGpu({ cuda }: Pick<Libtorch, 'cuda'>, hasGpu: boolean, works: number): string[] {
  if (works > 0) return [];
  if (hasGpu && cuda === null)
    return [
      'there is an NVIDIA GPU, but this libtorch was built without CUDA: pip install torch brings one with CUDA',
    ];
  if (hasGpu)
    return [
      `this libtorch has CUDA ${cuda}, but no CUDA device works: see what nvidia-smi says about the driver`,
    ];
  return [`no CUDA: there is no NVIDIA GPU in /dev${cuda === null ? ', and this libtorch has none' : ''}`];
}

/** Why matrix products are slower than they could be. */
export function withoutBlas({ blas }: Pick<CpuInfo, 'blas'>, onPosixThreads: boolean): string[] {
  if (blas === '')
    return [
      'no BLAS: matrix products run at a tenth of the speed; apt-get install libopenblas0-openmp, or pip install torch',
    ];
  return onPosixThreads
    ? ["OpenBLAS has threads of its own, which fight with libtorch's: apt-get install libopenblas0-openmp"]
    : [];
}

/** Whether a processor with these flags multiplies bfloat16 numbers by itself: AVX-512, AMX, or on ARM. */
export function hasBfloat16(flags: ReadonlySet<string>): boolean {
  return ['avx512_bf16', 'amx_bf16', 'bf16'].some(flag => flags.has(flag));
}

function cpuFlags(): ReadonlySet<string> {
  try {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
    return new Set(line?.trim().split(/\s+/));
  } catch {
    return new Set(); // a sandbox without /proc
  }
}
