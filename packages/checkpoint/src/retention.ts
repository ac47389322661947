/** A checkpoint as a rule of what is kept sees it. */
export interface SavedCheckpoint {
  readonly name: string;
  /** Counts the saves: higher is newer. */
  readonly saved: number;
  /** Smoothed loss, where it is known. */
  readonly loss?: number;
}

/** A smoothed loss this many times the lowest, and this many nats above it, has not come from noise. */
const DIVERGED = { times: 1.5, nats: 0.5 };

/**
 * The checkpoints that may go: all but the newest `keep`. Where the newest one's loss is far above the lowest, the training has
 * likely diverged, and the best checkpoint stays too, so that there is one to go back to.
 */
export function outdated(checkpoints: readonly SavedCheckpoint[], keep: number): SavedCheckpoint[] {
  const newestFirst = [...checkpoints].sort((a, b) => b.saved - a.saved);
  const best = bestOf(newestFirst);
  const newest = newestFirst[0]?.loss;
  const diverged = newest !== undefined && best?.loss !== undefined && hasDiverged(newest, best.loss);
  return newestFirst.slice(Math.max(1, keep)).filter(checkpoint => !(diverged && checkpoint === best));
}

/** Whether a smoothed loss says that training went wrong, by the lowest smoothed loss before it. */
export function hasDiverged(loss: number, lowest: number): boolean {
  return loss > DIVERGED.times * lowest && loss > DIVERGED.nats + lowest;
}

function bestOf(checkpoints: readonly SavedCheckpoint[]): SavedCheckpoint | undefined {
  let best: SavedCheckpoint | undefined;
  for (const each of checkpoints)
    if (each.loss !== undefined && (best === undefined || each.loss < best.loss!)) best = each;
  return best;
}
