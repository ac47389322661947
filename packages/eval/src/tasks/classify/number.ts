import { DataError, type ExampleOutline } from '@simvlm/core';
import type { Decision } from './decision';

/** The number of `fields.label`, as STS-B has it. */
export const numberDecision: Decision = {
  head: { target: 'number' },
  files: new Map(),
  right(example) {
    const label = numberOf(example);
    return { outputs: [label], truths: [String(label)] };
  },
  text: String,
  evaluators: ['regression'],
  metric: { name: 'regression/pearson', better: 'higher' },
};

function numberOf({ id, fields }: ExampleOutline): number {
  const label = fields?.label;
  const value = typeof label === 'string' && label.trim() !== '' ? Number(label) : label;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new DataError('DATA_INVALID', `example "${id}" has no number in "label"`);
}
