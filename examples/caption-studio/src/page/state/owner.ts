import { signal } from '@preact/signals';
import type { StudioFailure } from '../../engine/engine';

/** The lock, and the channel on which it is asked for. */
const NAME = 'caption-studio';
const HAND_OVER = 'hand over';
/** Milliseconds after which a tab that does not answer, such as one that the browser has frozen, loses the lock. */
const PATIENCE = 10_000;
/** How often, and how many milliseconds apart, a lock is asked for that is not free. */
const ATTEMPTS = 4;
const ATTEMPT_MS = 150;

/**
 * Whether this tab keeps the lessons and the model. Two tabs that write would overwrite each other's work, so that one has a lock, and any
 * other reads until it is told to take over. Where a browser has no locks, each tab believes that it is alone.
 */
export const owner = signal(true);

let letGo: (() => void) | undefined;
let beforeHandOver: () => Promise<void> = async () => {};

/** @param save what is to be done before another tab takes over: it may read what this one has written from then on */
export function shareWithTabs(save: () => Promise<void>): void {
  beforeHandOver = save;
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }) => {
    if (data === HAND_OVER && owner.value) void handOver();
  };
}

/** Takes the lock if no other tab has it; `false` if one has. A tab that was closed or reloaded a moment ago may still have it. */
export async function takeIfFree(): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await new Promise(resolve => setTimeout(resolve, ATTEMPT_MS));
    if (letGo || (await take({ ifAvailable: true }))) return true;
  }
  return false;
}

/** Asks the tab that has the lock for it, and waits until that has saved its work. */
export async function takeOver(): Promise<void> {
  const channel = new BroadcastChannel(NAME);
  channel.postMessage(HAND_OVER);
  channel.close();
  try {
    await take({ signal: AbortSignal.timeout(PATIENCE) });
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    await take({ steal: true });
  }
}

/** @throws StudioFailure where another tab keeps the lessons and the model */
export function mustOwn(): void {
  if (owner.value) return;
  throw {
    code: 'OTHER_TAB',
    title: 'Another tab has Caption Studio open',
    advice: 'That tab keeps the lessons and the model. Press “Use it here” to go on in this one.',
  } satisfies StudioFailure;
}

function take(options: LockOptions): Promise<boolean> {
  const { locks } = navigator;
  if (!locks) return Promise.resolve(true);
  return new Promise((resolve, reject) => {
    locks
      .request(NAME, options, lock => {
        // The second of two requests at once finds that this very tab has it.
        owner.value = lock !== null || letGo !== undefined;
        resolve(owner.value);
        if (lock) return new Promise<void>(done => (letGo = done));
      })
      .catch(error => {
        // Before the lock was given: it was not. After: another tab has stolen it.
        reject(error);
        if (letGo) void handOver();
      });
  });
}

async function handOver(): Promise<void> {
  owner.value = false;
  const free = letGo;
  letGo = undefined;
  try {
    await beforeHandOver();
  } finally {
    free?.();
  }
}
