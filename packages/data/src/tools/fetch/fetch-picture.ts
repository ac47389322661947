import { setTimeout as sleep } from 'node:timers/promises';
import { FetchFailure } from './failure';
import { type GetOptions, getPicture } from './get-picture';
import type { HostGate } from './host-gate';

export interface RetryOptions extends GetOptions {
  /** Tries after the first. */
  readonly retries: number;
  /** Milliseconds before the second try; twice as long before each further one. */
  readonly backoff: number;
}

/**
 * Fetches a picture, with further tries where one may succeed. `Retry-After` holds for all pictures of the address's host, wherever it redirects to; one
 * that asks to wait for more than a minute is not asked again in that time.
 *
 * @param use what becomes of the picture. The place in the gate stays taken meanwhile, so that pictures do not pile up in memory
 * @throws FetchFailure; what `use` throws
 */
export async function fetchPicture(
  address: string,
  gate: HostGate,
  options: RetryOptions,
  use: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const host = hostOf(address);
  for (let attempt = 0; ; attempt++) {
    try {
      return await gate.run(host, async () => use(await getUnlessClosed(address, host, gate, options)));
    } catch (error) {
      if (!(error instanceof FetchFailure)) throw error;
      if (!error.passes || attempt >= options.retries || gate.isClosed(host)) throw error;
      await sleep(options.backoff * 2 ** attempt, undefined, { signal: options.signal });
    }
  }
}

/** The host is held before its place is free for the next request. */
async function getUnlessClosed(
  address: string,
  host: string,
  gate: HostGate,
  options: GetOptions,
): Promise<Uint8Array> {
  if (gate.isClosed(host)) throw new FetchFailure('the host asks to wait');
  try {
    return await getPicture(address, options);
  } catch (error) {
    if (error instanceof FetchFailure && error.waitFor !== undefined) gate.hold(host, error.waitFor);
    throw error;
  }
}

/** The host of an address, as a report counts it. */
export function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : '';
}
