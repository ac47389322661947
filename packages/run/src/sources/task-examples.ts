import type { JsonValue, Registry, Sample } from '@simvlm/core';
import type { RunConfig } from '../config/schema';
import { textsOf } from './sample-texts';

/** What a task takes for an example, and what it reads of one. */
export interface TaskExamples {
  /** Records without a picture are examples like the others, and no text-only documents. */
  readonly isPictureOptional: boolean;
  /** Whether a sample is an example of the task. */
  takes(sample: Sample): boolean;
  /** Every text that the model may read or write, of a sample or an example. */
  texts(sample: Parameters<typeof textsOf>[0]): string[];
}

/** @throws PluginError for a task that nobody registered */
export function taskExamples({ task }: Pick<RunConfig, 'task'>, registry: Registry): TaskExamples {
  const { kind, ...options } = task;
  const { pictureless = 'documents', fields } = registry.get('task', kind);
  const isPictureOptional = pictureless === 'examples';
  const names = fields?.(options) ?? [];
  return {
    isPictureOptional,
    takes: ({ images }) => isPictureOptional || images.length > 0,
    texts: sample => [...textsOf(sample), ...names.flatMap(name => textIn(sample.fields?.[name]))],
  };
}

function textIn(value: JsonValue | undefined): string[] {
  return typeof value === 'string' ? [value] : [];
}
