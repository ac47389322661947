import type { Fit } from '@simvlm/image';
import type { RunConfig } from './schema';
import { sourceList } from './sources';

/** How pictures become square for the model of a run: as those that it is validated on, else as the first that it is trained on. */
export function runFit({ data: { train, val } }: RunConfig): Fit {
  const first = sourceList(val ?? train)[0]!;
  return (typeof first === 'object' && first.fit) || 'crop';
}
