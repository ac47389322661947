import type { BackendProvider } from '@simvlm/core';

const providers = new Map<string, BackendProvider>();

/**
 * Adds a backend to those that `pickBackend` chooses from. This is where ours plug in too. A provider of the same name is replaced.
 */
export function registerBackendProvider(provider: BackendProvider): void {
  providers.set(provider.name, provider);
}

/** All providers, the preferred one first. */
export function backendProviders(): BackendProvider[] {
  return [...providers.values()].sort((a, b) => b.rank - a.rank);
}
