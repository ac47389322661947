import { type Checkpoint, FILES, jsonOf } from '@simvlm/checkpoint';

/** Where an imported model came from: the file `source.json` of its checkpoint. How it writes is in its `model.json`, under `generation`. */
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
  /** The texts of the JSON files that it came with, by name: an export gives them back. */
  readonly files: Readonly<Record<string, string>>;
}

/** Where the model of a checkpoint came from; undefined for one that was trained with SimVLM. @throws CheckpointError when the file is damaged */
export async function sourceOf(checkpoint: Checkpoint): Promise<SourceFacts | undefined> {
  if (!checkpoint.names.includes(FILES.source)) return undefined;
  return (await jsonOf(checkpoint, FILES.source)) as unknown as SourceFacts;
}
