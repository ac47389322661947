import type { RunConfig } from '../config/schema';

/** A checkpoint as it is told apart from others. */
interface Grouped {
  readonly name: string;
  readonly run: RunConfig | undefined;
}

/**
 * The name of the model that each checkpoint is of. Checkpoints of runs whose configurations differ in their seed (and in the name of the folder)
 * alone are one model, by the name of the first; where two of these have one seed, such as two steps of a run, each stands for itself.
 */
export function modelNames(checkpoints: readonly Grouped[]): string[] {
  const groups = new Map<string, Grouped[]>();
  const keys = checkpoints.map((checkpoint, index) => {
    const key = checkpoint.run ? withoutSeed(checkpoint.run) : `${index}`;
    groups.set(key, [...(groups.get(key) ?? []), checkpoint]);
    return key;
  });
  return checkpoints.map(({ name }, index) => {
    const group = groups.get(keys[index]!)!;
    const seeds = new Set(group.map(({ run }) => run?.seed));
    if (group.length === 1 || seeds.size < group.length) return name;
    return `${group[0]!.name} (${group.length} seeds)`;
  });
}

function withoutSeed({ seed: _, name: __, ...config }: RunConfig): string {
  return JSON.stringify(config);
}
