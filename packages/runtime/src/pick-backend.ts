import { BackendError, didYouMean, type Plugin } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs';
import {
  type ActivateOptions,
  type Availability,
  type BackendProvider,
  backendProviders,
  registerBackendProvider,
} from './provider';
import { cpuProvider } from './providers/cpu';
import { nativeProvider } from './providers/native';
import { wasmProvider } from './providers/wasm';
import { webgpuProvider } from './providers/webgpu';

export interface PickOptions extends ActivateOptions {
  /** Take this backend or fail; default: the environment variable SIMVLM_BACKEND, else the fastest that works here. */
  readonly prefer?: string;
}

/** A backend that was looked at, in order of preference. */
export interface Candidate {
  readonly name: string;
  readonly available: boolean;
  readonly reason: string;
}

export interface PickedBackend {
  readonly name: string;
  /** What it runs on, for people: "SIMD, 2 threads". */
  readonly detail: string;
  /** Why this one, in a sentence. */
  readonly reason: string;
  readonly candidates: readonly Candidate[];
}

/**
 * Makes the fastest backend that works here the current one of tfjs, and says why.
 *
 * @throws BackendError when `prefer` names a backend that is unknown or does not work here
 */
export async function pickBackend(options: PickOptions = {}): Promise<PickedBackend> {
  registerDefaults();
  const providers = backendProviders();
  const prefer = options.prefer ?? preferredByEnvironment();
  const known = providers.map(({ name }) => name);
  if (prefer !== undefined && !known.includes(prefer)) {
    throw new BackendError(
      'BACKEND_UNKNOWN',
      `no backend "${prefer}"; there are ${known.join(', ')}${didYouMean(prefer, known)}`,
    );
  }
  const candidates: Candidate[] = [];
  const checked = await Promise.all(
    providers.map(async provider => ({ provider, state: await provider.check({ ...options, prefer }) })),
  );
  // Stable: of equal ranks the provider that was registered first.
  checked.sort((a, b) => rankOf(b) - rankOf(a));
  for (const { provider, state } of checked) {
    const { available, reason } = state;
    if (!available || (prefer !== undefined && prefer !== provider.name)) {
      candidates.push({ name: provider.name, available, reason });
      continue;
    }
    try {
      const detail = await provider.activate(options);
      if (!(await tf.setBackend(provider.name))) throw new Error('tfjs could not initialise it');
      await tf.ready();
      candidates.push({ name: provider.name, available: true, reason });
      return { name: provider.name, detail, reason: explain(provider.name, prefer, candidates), candidates };
    } catch (error) {
      candidates.push({ name: provider.name, available: false, reason: (error as Error).message });
    }
  }
  const told = candidates.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new BackendError('BACKEND_UNAVAILABLE', `backend "${prefer ?? 'any'}" does not work here (${told})`);
}

function rankOf({ provider, state }: { provider: BackendProvider; state: Availability }): number {
  return (state.available ? state.rank : undefined) ?? provider.rank;
}

/** The environment variable SIMVLM_BACKEND, in Node. */
function preferredByEnvironment(): string | undefined {
  return (typeof process === 'undefined' ? undefined : process.env?.SIMVLM_BACKEND) || undefined;
}

/** Our own backends as a plug-in, registered like anybody's. */
export const runtimePlugin: Plugin = {
  name: '@simvlm/runtime',
  setup(registry) {
    for (const provider of [webgpuProvider, nativeProvider, wasmProvider, cpuProvider]) {
      registry.register('backend', provider.name, () => pickBackend({ prefer: provider.name }));
    }
  },
};

function registerDefaults(): void {
  const names = backendProviders().map(({ name }) => name);
  for (const provider of [webgpuProvider, nativeProvider, wasmProvider, cpuProvider])
    if (!names.includes(provider.name)) registerBackendProvider(provider);
}

function explain(name: string, prefer: string | undefined, candidates: readonly Candidate[]): string {
  if (prefer !== undefined) return `${name} was asked for`;
  const passed = candidates
    .filter(candidate => candidate.name !== name)
    .map(candidate => `${candidate.name}: ${candidate.reason}`);
  return passed.length === 0
    ? `${name} is the fastest`
    : `the fastest that works here; not ${passed.join('; not ')}`;
}
