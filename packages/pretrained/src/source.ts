import { type Checkpoint, FILES, jsonOf } from '@simvlm/checkpoint';
import { isRepository } from './hub/name';
import { invalid } from './invalid';
import { isLicense } from './license';

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
  const facts = await jsonOf(checkpoint, FILES.source);
  const refuse = (what: string) => invalid(`${checkpoint.where}: ${FILES.source} ${what}`);
  if (facts.format !== 1) throw refuse('is not of format 1, which this version reads');
  for (const key of ['family', 'modelType'])
    if (typeof facts[key] !== 'string') throw refuse(`says no ${key}`);
  if (facts.revision !== undefined && typeof facts.revision !== 'string')
    throw refuse('has a revision that is no text');
  // Both go into the model card of an export, which is YAML: more than a name would say something else there.
  if (facts.license !== undefined && !isLicense(facts.license))
    throw refuse('has a license that is not the name of one, such as mit');
  if (facts.repository !== undefined && !isRepository(facts.repository))
    throw refuse('has a repository that is no OWNER/NAME');
  if (!isTexts(facts.files)) throw refuse('has files that are not texts by name');
  return facts as unknown as SourceFacts;
}

function isTexts(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(text => typeof text === 'string')
  );
}
