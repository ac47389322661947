import type { Outcome } from './messages';

/** How a run of specs is to be taken. */
export interface Verdict {
  readonly passed: number;
  /** Specs that failed and are not known to, and mistakes in the list of those that are. */
  readonly failed: readonly Outcome[];
  /** Specs that failed as the list says, by reason. */
  readonly skipped: readonly (readonly [reason: string, names: readonly string[]])[];
}

/**
 * Compares what specs did with the list of those that are known to fail.
 *
 * @param isPart whether only some specs ran: then the list may name others
 */
export function judge(
  outcomes: readonly Outcome[],
  known: Readonly<Record<string, readonly string[]>>,
  isPart: boolean,
): Verdict {
  const results = new Map(outcomes.map(outcome => [outcome.name, outcome]));
  const listed = new Set(Object.values(known).flat());
  const failed = outcomes.filter(({ name, failures }) => failures.length > 0 && !listed.has(name));
  const skipped = Object.entries(known).map(([reason, names]) => {
    const failing: string[] = [];
    for (const name of names) {
      const outcome = results.get(name);
      if (outcome && outcome.failures.length > 0) failing.push(name);
      else if (outcome) failed.push({ name, failures: ['passes, but is listed as known to fail'] });
      else if (!isPart)
        failed.push({ name, failures: ['is listed as known to fail, but there is no such spec'] });
    }
    return [reason, failing] as const;
  });
  const passed = outcomes.filter(({ name, failures }) => failures.length === 0 && !listed.has(name)).length;
  return { passed, failed, skipped: skipped.filter(([, names]) => names.length > 0) };
}
