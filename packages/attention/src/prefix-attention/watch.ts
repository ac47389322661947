import type { PrefixAttentionInputs } from './inputs';

type Watcher = (inputs: PrefixAttentionInputs) => void;

let current: Watcher | undefined;

/**
 * Calls `run`, which must not be asynchronous, and shows `watch` the inputs of every attention that it computes, in order. No attention
 * weight is ever in memory otherwise: who wants to see one computes it with `attentionWeights` from what it is shown.
 */
export function watchAttention<T>(run: () => T, watch: Watcher): T {
  const before = current;
  current = watch;
  try {
    return run();
  } finally {
    current = before;
  }
}

export function announceAttention(inputs: PrefixAttentionInputs): void {
  current?.(inputs);
}
