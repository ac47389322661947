import type { EvaluationReport, EvaluationSet } from '@simvlm/run';
import type { PickedBackend } from '@simvlm/runtime';
import { machine } from '../environment';
import { version } from '../exit-code';

interface Circumstances {
  readonly sets: readonly EvaluationSet[];
  readonly backend: PickedBackend;
  /** The words of the command line, and whether they allow test splits. */
  readonly options: { readonly command: readonly string[]; readonly test?: boolean };
}

/** Everything about an evaluation that another person needs to know, without what the model said of each example. */
export function evaluationJson({ records, summary }: EvaluationReport, circumstances: Circumstances): object {
  const { sets, backend, options } = circumstances;
  return {
    command: ['simvlm', ...options.command],
    version,
    node: process.versions.node,
    machine: machine(),
    backend: { name: backend.name, detail: backend.detail, precision: backend.precision },
    test: options.test ?? false,
    sources: sets.map(({ name, identity, skipped }) => ({ name, identity, skipped })),
    results: records.map(({ items: _, ...record }) => record),
    summary,
  };
}
