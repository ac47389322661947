import type { RunConfig } from './config/schema';
import { sourceList } from './config/sources';

/** What the steps of a run follow from: with another value the run that goes on would be another run. */
const FIXED: readonly (keyof RunConfig)[] = [
  'seed',
  'model',
  'tokenizer',
  'task',
  'objective',
  'batch',
  'augment',
  'lora',
];

/** What a run is expected to change: how long it goes on, what it is called, what is said of it. */
const FREE: readonly (keyof RunConfig)[] = [
  'name',
  'about',
  'init',
  'steps',
  'epochs',
  'minutes',
  'checkpoints',
  'callbacks',
];
/** The same within a part: how data are read, not which. */
const FREE_PATHS: readonly string[] = ['data.workers', 'data.skipLimit'];

/** How the configuration of a run that goes on differs from that of its checkpoint. */
export interface ResumeChanges {
  /** Of what must stay: `seed 1 → 2`. */
  readonly refused: readonly string[];
  /** Of what may change, such as a learning rate: the user is told. */
  readonly told: readonly string[];
}

export function resumeChanges(before: RunConfig, now: RunConfig): ResumeChanges {
  const refused: string[] = [];
  const told: string[] = [];
  const [used, uses] = [usesIn(before), usesIn(now)];
  if (used !== uses) refused.push(`how the sources of data.train are used ${used} → ${uses}`);
  for (const [path, from, to] of differences(before, now)) {
    const key = path[0] as keyof RunConfig;
    if (FREE.includes(key) || FREE_PATHS.includes(path.join('.'))) continue;
    (FIXED.includes(key) ? refused : told).push(`${path.join('.')} ${shown(from)} → ${shown(to)}`);
  }
  return { refused, told };
}

/** How each source is used: steps follow from it, while the place of the data may change. */
function usesIn({ data }: RunConfig): string {
  return JSON.stringify(
    sourceList(data.train).map(source => {
      if (typeof source === 'string') return {};
      const { weight, augment, fit, blank, objective, shuffle } = source;
      return { weight, augment, fit, blank, objective, shuffle };
    }),
  );
}

type Difference = readonly [path: string[], before: unknown, now: unknown];

/** The deepest keys whose values differ. */
export function differences(before: unknown, now: unknown, path: string[] = []): Difference[] {
  if (!isObject(before) || !isObject(now))
    return JSON.stringify(before) === JSON.stringify(now) ? [] : [[path, before, now]];
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...keys].flatMap(key => differences(own(before, key), own(now, key), [...path, key]));
}

function own(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value in a message. */
export function shown(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
