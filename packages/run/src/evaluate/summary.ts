import { meanInterval } from '@simvlm/metrics';
import type { EvaluationRecord, SummaryMetric, SummaryRow } from './report';

/** Records of one model, set and evaluator as one row, in the order of the first of each. */
export function summaryOf(records: readonly EvaluationRecord[]): SummaryRow[] {
  const rows = new Map<string, EvaluationRecord[]>();
  for (const record of records) {
    const key = JSON.stringify([record.model, record.source, record.evaluator]);
    rows.set(key, [...(rows.get(key) ?? []), record]);
  }
  return [...rows.values()].map(some => {
    const { model, source, evaluator, metrics } = some[0]!;
    const names = Object.keys(metrics).filter(name => some.every(each => Object.hasOwn(each.metrics, name)));
    return {
      ...{ model, source, evaluator, runs: some.length },
      metrics: Object.fromEntries(names.map(name => [name, together(name, some)])),
    };
  });
}

function together(name: string, records: readonly EvaluationRecord[]): SummaryMetric {
  const values = records.map(({ metrics }) => metrics[name]!);
  const { mean, half } = meanInterval(values);
  if (half !== undefined) return { mean, values, low: mean - half, high: mean + half };
  return { mean, values, ...records[0]!.intervals?.[name] };
}
