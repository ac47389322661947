import { type Checkpoint, jsonOf } from '@simvlm/checkpoint';
import type { ModelOrigin } from './engine';

/** Where an importer says that a checkpoint comes from. */
const SOURCE = 'source.json';

/** Letters of a name that are shown: a file may come from a stranger. */
const MAX_LETTERS = 200;

const keys = {
  repository: 'repository',
  revision: 'revision',
  model_type: 'modelType',
  licence: 'licence',
} as const satisfies Record<string, keyof ModelOrigin>;

/** What a checkpoint says of where its weights come from; undefined for one that was trained from nothing. @throws CheckpointError */
export async function originOf(checkpoint: Checkpoint): Promise<ModelOrigin | undefined> {
  if (!checkpoint.names.includes(SOURCE)) return undefined;
  const said = await jsonOf(checkpoint, SOURCE);
  const origin: { -readonly [key in keyof ModelOrigin]: string } = {};
  for (const [key, name] of Object.entries(keys)) {
    const value = Object.hasOwn(said, key) ? said[key] : undefined;
    if (typeof value === 'string' && value !== '') origin[name] = value.slice(0, MAX_LETTERS);
  }
  return origin;
}

/** What this page knows of the kinds of models, by the `model_type` of the library that they come from. */
const imported: Readonly<Record<string, string>> = {
  git: 'GIT',
  blip: 'BLIP',
  'vision-encoder-decoder': 'ViT-GPT2',
};

/** The kind of a model in the field's words, and what experience this page has with it. */
export function kindOf(origin: ModelOrigin | undefined): { kind: string; experience: string } {
  if (!origin) return { kind: 'SimVLM', experience: 'Known to work: the page’s own model is of this kind.' };
  const type = origin.modelType;
  if (type !== undefined && Object.hasOwn(imported, type))
    return {
      kind: imported[type]!,
      experience: 'Known to work: small models of this kind are compared with the original in our tests.',
    };
  return {
    kind: type ?? 'unknown',
    experience: `Nobody has tried this kind here; those that are known to work are SimVLM, ${Object.values(imported).join(', ')}.`,
  };
}
