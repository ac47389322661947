import type { Metric } from '@simvlm/core';

/** Which checkpoints stay when another one is saved; each rule adds to the others. */
export interface KeepRules {
  /** The newest so many, at least 1; default 2. */
  readonly last?: number;
  /** Those whose step is a multiple of this; default none. */
  readonly every?: number;
  /** The best one, or the best so many, by the metric that saves state; default none. */
  readonly best?: boolean | number;
}

/** What a metric was at a step. */
export interface MetricValue extends Metric {
  readonly value: number;
}

/** A checkpoint as a rule of what is kept sees it. */
export interface SavedCheckpoint {
  readonly name: string;
  readonly step: number;
  /** Counts the saves: higher is newer. */
  readonly saved: number;
  /** Smoothed loss, where it is known. */
  readonly loss?: number;
  /** What the run is judged by, where it was measured at this step. */
  readonly metric?: MetricValue;
}

/** A smoothed loss this many times the lowest, and this many nats above it, has not come from noise. */
const DIVERGED = { times: 1.5, nats: 0.5 };

/**
 * The checkpoints that no rule keeps. Where the newest one's loss is far above the lowest, the training has likely diverged, and the one of
 * the lowest loss stays too, so that there is one to go back to.
 */
export function outdated<C extends SavedCheckpoint>(
  checkpoints: readonly C[],
  { last = 2, every, best = false }: KeepRules = {},
): C[] {
  const newestFirst = byAge(checkpoints);
  const kept = new Set(newestFirst.slice(0, Math.max(1, last)));
  const current = ofThisCourse(newestFirst);
  if (every !== undefined) for (const each of current) if (each.step % every === 0) kept.add(each);
  for (const each of byMetric(current).slice(0, Number(best))) kept.add(each);
  const lowest = lowestLoss(newestFirst);
  const newest = newestFirst[0]?.loss;
  if (newest !== undefined && lowest?.loss !== undefined && hasDiverged(newest, lowest.loss))
    kept.add(lowest);
  return newestFirst.filter(each => !kept.has(each));
}

/** The best checkpoint by the metric that the last saves stated; none where no save stated one. */
export function bestCheckpoint<C extends SavedCheckpoint>(checkpoints: readonly C[]): C | undefined {
  return byMetric(ofThisCourse(byAge(checkpoints)))[0];
}

/** Whether a smoothed loss says that training went wrong, by the lowest smoothed loss before it. */
export function hasDiverged(loss: number, lowest: number): boolean {
  return loss > DIVERGED.times * lowest && loss > DIVERGED.nats + lowest;
}

function byAge<C extends SavedCheckpoint>(checkpoints: readonly C[]): C[] {
  return [...checkpoints].sort((a, b) => b.saved - a.saved);
}

/** Those that a run which has gone back has not left behind: of later steps than a newer checkpoint are only those that it abandoned. */
function ofThisCourse<C extends SavedCheckpoint>(newestFirst: readonly C[]): C[] {
  let reached = Number.POSITIVE_INFINITY;
  return newestFirst.filter(({ step }) => {
    if (step >= reached) return false;
    reached = step;
    return true;
  });
}

/** Best first, of equal ones the earlier first; only those of the metric that was stated last, as values of others say nothing beside it. */
function byMetric<C extends SavedCheckpoint>(newestFirst: readonly C[]): C[] {
  const name = newestFirst.find(({ metric }) => metric)?.metric?.name;
  const measured = newestFirst.filter(
    ({ metric }) => metric?.name === name && Number.isFinite(metric?.value),
  );
  return measured.sort((a, b) => {
    const difference = a.metric!.value - b.metric!.value;
    return (a.metric!.better === 'lower' ? difference : -difference) || a.saved - b.saved;
  });
}

function lowestLoss<C extends SavedCheckpoint>(newestFirst: readonly C[]): C | undefined {
  let lowest: C | undefined;
  for (const each of newestFirst)
    if (each.loss !== undefined && (lowest === undefined || each.loss < lowest.loss!)) lowest = each;
  return lowest;
}
