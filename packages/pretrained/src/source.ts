import { type Checkpoint, FILES, jsonOf } from '@simvlm/checkpoint';
import type { JsonValue } from '@simvlm/core';

/** How a model's makers have it write, where they say so. */
export interface GenerationDefaults {
  /** New tokens at most, the end token included. */
  readonly maxNewTokens?: number;
  readonly beams?: number;
  /** The power of its number of tokens that the score of a beam is divided by. */
  readonly lengthPenalty?: number;
  /** As in transformers: whether beams end as soon as there are enough finished ones, or when none can get better, or in doubt never. */
  readonly earlyStopping?: boolean | 'never';
}

/** Where an imported model came from: the file `source.json` of its checkpoint. */
export interface SourceFacts {
  readonly format: 1;
  /** Such as `GIT`. */
  readonly family: string;
  /** The `model_type` of its `config.json`. */
  readonly modelType: string;
  /** `OWNER/NAME` on the hub, where it came from there. */
  readonly repository?: string;
  /** The commit on the hub. */
  readonly revision?: string;
  /** As its model card names it, such as `mit`. */
  readonly license?: string;
  readonly generation: GenerationDefaults;
  /** The JSON files that it came with, by name, as they were: an export gives them back. */
  readonly files: Readonly<Record<string, Readonly<Record<string, JsonValue>>>>;
}

/** Where the model of a checkpoint came from; undefined for one that was trained with SimVLM. @throws CheckpointError when the file is damaged */
export async function sourceOf(checkpoint: Checkpoint): Promise<SourceFacts | undefined> {
  if (!checkpoint.names.includes(FILES.source)) return undefined;
  return (await jsonOf(checkpoint, FILES.source)) as unknown as SourceFacts;
}
