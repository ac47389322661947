import type { JsonValue } from '@simvlm/core';
import type { Named } from '../config/sources';

/** An evaluator with its options, by a name that no other of the list has: its kind, and of the second of a kind `choice-2`. */
export interface NamedEvaluator {
  readonly name: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, JsonValue>>;
}

export function namedEvaluators(asked: readonly Named[]): NamedEvaluator[] {
  const times = new Map<string, number>();
  return asked.map(({ kind, ...options }) => {
    const time = (times.get(kind) ?? 0) + 1;
    times.set(kind, time);
    return { name: time === 1 ? kind : `${kind}-${time}`, kind, options };
  });
}
