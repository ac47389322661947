import type { Registry } from '@simvlm/core';
import type { PlacedSource } from '../config/sources';
import { type EvaluationSet, openSet } from '../evaluate/evaluation-set';
import { readCandidates } from './candidates';
import { nodePlaces } from './data';

interface PlacedSetOptions {
  readonly registry: Registry;
  /** Allows a test split. */
  readonly test: boolean;
  /** Reads the candidates of a choice from a `nway.jsonl` beside the examples. */
  readonly candidates: boolean;
  readonly warn: (message: string) => void;
}

/**
 * The records at a place of this machine or of the web, as a set of examples.
 *
 * @throws as `openSet`; DataError for a `nway.jsonl` that does not fit them
 */
export async function placedSet(
  source: PlacedSource,
  { candidates, warn, ...options }: PlacedSetOptions,
): Promise<EvaluationSet> {
  const set = await openSet(source, { ...options, places: nodePlaces });
  if (!candidates) return set;
  const { folder } = await nodePlaces.place([source.path].flat());
  if (/^https?:/i.test(folder.name)) return set;
  const found = await readCandidates(
    folder.name,
    (set.ids ?? []).map(id => ({ id })),
    warn,
  );
  return found ? { ...set, candidates: Object.fromEntries(found) } : set;
}
