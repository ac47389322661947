import {
  type ActivateOptions,
  type Availability,
  BackendError,
  type BackendProvider,
  type Plugin,
  type Precision,
  type Registry,
} from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';
import { backendProviders, registerBackendProvider } from './provider';
import { cpuProvider } from './providers/cpu';
import { nativeProvider } from './providers/native';
import { wasmProvider } from './providers/wasm';
import { webgpuProvider } from './providers/webgpu';
import { checkWish, refusal, type Wish } from './wish';

const ours: readonly BackendProvider[] = [webgpuProvider, nativeProvider, wasmProvider, cpuProvider];

export interface PickOptions extends ActivateOptions {
  /** Take this backend or fail; default: the environment variable SIMVLM_BACKEND, else the fastest that works here. */
  readonly prefer?: string;
  /** Its backends are looked at beside ours: those of plug-ins. */
  readonly registry?: Registry;
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
  readonly precision: Precision;
  /** Why this one, in a sentence. */
  readonly reason: string;
  readonly candidates: readonly Candidate[];
}

/**
 * Makes the fastest backend that works here, and that can do what is asked for, the current one of tfjs, and says why.
 *
 * @throws BackendError when `prefer` names a backend that is unknown, or when what is asked for does not work here; ConfigError for a
 *   device or a precision that no backend has, or not the one that `prefer` names
 */
export async function pickBackend({ registry, ...options }: PickOptions = {}): Promise<PickedBackend> {
  registerDefaults();
  registerFrom(registry);
  const providers = backendProviders();
  const prefer = options.prefer ?? preferredByEnvironment();
  const { device, precision = 'float32' } = options;
  const wish: Wish = { prefer, device, precision };
  checkWish(providers, wish);
  const candidates: Candidate[] = [];
  const checked = await Promise.all(
    providers.map(async provider => ({ provider, state: await stateOf(provider, wish, options) })),
  );
  // Stable: of equal ranks the provider that was registered first.
  checked.sort((a, b) => rankOf(b) - rankOf(a));
  for (const { provider, state } of checked) {
    const { name } = provider;
    if (!state.available || (prefer !== undefined && prefer !== name)) {
      candidates.push({ name, available: state.available, reason: state.reason });
      continue;
    }
    try {
      const detail = await provider.activate({ ...options, precision });
      if (!(await tf.setBackend(name))) throw new Error('tfjs could not initialise it');
      await tf.ready();
      candidates.push({ name, available: true, reason: state.reason });
      return { name, detail, precision, reason: explain(name, prefer, candidates), candidates };
    } catch (error) {
      candidates.push({ name, available: false, reason: (error as Error).message });
    }
  }
  const told = candidates
    // Those that were not asked for, or that could not do it on any machine, are no news.
    .filter(({ name }) => prefer === undefined || name === prefer)
    .filter(({ name }) => !refusal(providers.find(provider => provider.name === name)!, wish))
    .map(({ name, reason }) => `${name}: ${reason}`);
  throw new BackendError('BACKEND_UNAVAILABLE', `${asked(wish)} does not work here (${told.join('; ')})`);
}

async function stateOf(provider: BackendProvider, wish: Wish, options: PickOptions): Promise<Availability> {
  const reason = refusal(provider, wish);
  if (reason !== undefined) return { available: false, reason };
  return provider.check({ ...options, prefer: wish.prefer });
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
    for (const provider of ours) registry.register('backend', provider.name, provider);
  },
};

function registerDefaults(): void {
  const names = backendProviders().map(({ name }) => name);
  for (const provider of ours) if (!names.includes(provider.name)) registerBackendProvider(provider);
}

/** Takes the backends of plug-ins to those that are looked at, by the names that they are registered under. */
function registerFrom(registry: Registry | undefined): void {
  for (const name of registry?.names('backend') ?? []) {
    const provider = registry!.get('backend', name);
    if (ours.includes(provider)) continue;
    if (provider.name !== name)
      throw new BackendError(
        'BACKEND_UNKNOWN',
        `the backend registered as "${name}" is called "${provider.name}": register it under its own name`,
      );
    registerBackendProvider(provider);
  }
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

/** What was asked for, for people: `backend "native" on device "cuda" in bfloat16`. */
function asked({ prefer, device, precision }: Wish): string {
  return [
    `backend "${prefer ?? 'any'}"`,
    ...(device === undefined ? [] : [`on device "${device}"`]),
    ...(precision === 'float32' ? [] : [`in ${precision}`]),
  ].join(' ');
}
