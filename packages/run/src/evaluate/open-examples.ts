import type { ExampleDataset, JsonValue } from '@simvlm/core';
import { checkSource } from '../config/check-source';
import { type EvaluationSet, type OpenSetOptions, openSet, type SetUse } from './evaluation-set';

/**
 * Opens the other examples that an evaluator compares with, each source once: see `EvaluationSubject.open`. Their pictures are square as those of
 * the set that is evaluated.
 *
 * @throws ConfigError for what names no source
 */
export function exampleOpener(
  use: SetUse,
  options: OpenSetOptions,
): (source: JsonValue) => Promise<ExampleDataset> {
  const opened = new Map<string, Promise<EvaluationSet>>();
  return async source => {
    const key = JSON.stringify(source);
    const set = opened.get(key) ?? openSet(ofSize(checkSource(source), use), options);
    opened.set(key, set);
    return (await set).examples(use);
  };
}

/** The embedded pictures are drawn as large as the model reads them. */
function ofSize(source: ReturnType<typeof checkSource>, { model }: SetUse): ReturnType<typeof checkSource> {
  if (source === 'emoji') return { source: 'emoji', size: model.imageSize };
  if (typeof source === 'string' || !('source' in source) || source.source !== 'emoji') return source;
  return { size: model.imageSize, ...source };
}
