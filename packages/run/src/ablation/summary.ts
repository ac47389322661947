import { didYouMean } from '@simvlm/core';
import { type MeanInterval, meanInterval } from '@simvlm/metrics';
import type { CellResult } from './results';
import type { GridMetric } from './schema';

/** A metric of a cell, over its seeds. */
export interface MetricSummary extends MeanInterval {
  /** By seed. */
  readonly values: Readonly<Record<number, number>>;
  /**
   * How far it is above the first cell, of the seeds that both have: the mean of the differences of runs with the same seed, whose data come in
   * the same order.
   */
  readonly difference?: MeanInterval & { readonly seeds: readonly number[] };
}

/** A row of the table. */
export interface CellSummary extends CellResult {
  /** By the names of the metrics; those that no run has are absent. */
  readonly metrics: Readonly<Record<string, MetricSummary>>;
}

/** Means over seeds with their intervals, and differences to the first cell. */
export function summaryOf(
  cells: readonly CellResult[],
  metrics: readonly Pick<GridMetric, 'name'>[],
): readonly CellSummary[] {
  return cells.map((cell, index) => {
    const found = metrics.flatMap(({ name }): [string, MetricSummary][] => {
      const values = valuesBySeed(cell, name);
      if (values.size === 0) return [];
      const summary = { ...meanInterval([...values.values()]), values: Object.fromEntries(values) };
      if (index === 0) return [[name, summary]];
      const first = valuesBySeed(cells[0]!, name);
      const seeds = [...values.keys()].filter(seed => first.has(seed));
      if (seeds.length === 0) return [[name, summary]];
      const differences = seeds.map(seed => values.get(seed)! - first.get(seed)!);
      return [[name, { ...summary, difference: { ...meanInterval(differences), seeds } }]];
    });
    return { ...cell, metrics: Object.fromEntries(found) };
  });
}

/** A sentence for each metric that no run has, though its evaluation was done: a column that is missing is told. */
export function unknownMetrics(
  cells: readonly CellResult[],
  metrics: readonly Pick<GridMetric, 'name'>[],
): string[] {
  const known = [...new Set(cells.flatMap(({ runs }) => runs.flatMap(({ values }) => Object.keys(values))))];
  return metrics.flatMap(({ name }) => {
    const beside = known.filter(each => each.startsWith(`${name.split('/')[0]}/`));
    if (beside.length === 0 || beside.includes(name)) return [];
    return [`no run has the metric "${name}"; there are ${beside.join(', ')}${didYouMean(name, beside)}`];
  });
}

function valuesBySeed({ runs }: CellResult, metric: string): Map<number, number> {
  return new Map(
    runs.flatMap(({ seed, values }): [number, number][] =>
      Object.hasOwn(values, metric) ? [[seed, values[metric]!]] : [],
    ),
  );
}
