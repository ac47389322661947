import { HubError } from '@simvlm/core';

/** What a model's folder holds beside its weights: configuration, tokenizer, model card, licence. */
const SMALL = /^(?:[^/]+\.json|vocab\.txt|merges\.txt|README\.md|LICENSE[^/]*)$/i;
/** Weights, whole or in shards. The first kind that is there is taken: what comes later holds the same again. */
const WEIGHTS = [/^model(?:-\d+-of-\d+)?\.safetensors$/, /^pytorch_model(?:-\d+-of-\d+)?\.bin$/];

/**
 * Of a repository's files those that an import reads; all of the folder where it is a checkpoint of SimVLM. Weights for other frameworks,
 * examples and copies stay on the hub.
 *
 * @throws HubError HUB_INVALID for a repository that holds no model
 */
export function neededFiles(paths: readonly string[]): string[] {
  const own = paths.filter(path => !path.includes('/') && !path.startsWith('.'));
  if (isCheckpoint(own)) return own;
  const weights = WEIGHTS.map(kind => own.filter(path => kind.test(path))).find(({ length }) => length > 0);
  if (!own.includes('config.json') || !weights)
    throw new HubError(
      'HUB_INVALID',
      `the repository holds no model that can be read: it needs config.json with model.safetensors or pytorch_model.bin, or a checkpoint of SimVLM; it has ${own.slice(0, 10).join(', ') || 'no files'}`,
    );
  return [...own.filter(path => SMALL.test(path)), ...weights];
}

/** Whether files are those of a checkpoint of SimVLM. */
export function isCheckpoint(names: readonly string[]): boolean {
  return names.includes('manifest.json') && names.includes('model.json');
}
