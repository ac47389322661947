import { HubError } from '@simvlm/core';

/** What a model's folder holds beside its weights: configuration and tokenizer. */
const SMALL = /^(?:[^/]+\.json|vocab\.txt|merges\.txt)$/i;
const DOCUMENTS = /^(?:README\.md|LICENSE[^/]*)$/i;
/** Weights, whole or in shards. The first kind that is there is taken: what comes later holds the same again. */
const WEIGHTS = [/^model(?:-\d+-of-\d+)?\.safetensors$/, /^pytorch_model(?:-\d+-of-\d+)?\.bin$/];
const SHARD = /-of-(\d+)\.\w+$/;

/**
 * Of a repository's files those that an import reads; all of the folder where it is a checkpoint of SimVLM. Weights for other frameworks,
 * examples and copies stay on the hub.
 *
 * @throws HubError HUB_INVALID for a repository that holds no model, or only some shards of its weights
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
  checkShards(weights);
  return [...own.filter(path => SMALL.test(path) || DOCUMENTS.test(path)), ...weights];
}

/** Whether a model may not be what it is without this file: all but documents, and what an import does not look at. */
export function isEssential(path: string): boolean {
  return SMALL.test(path) || WEIGHTS.some(kind => kind.test(path));
}

/** One file beside shards holds all of them. */
function checkShards(weights: readonly string[]): void {
  const shards = weights.filter(path => SHARD.test(path));
  const [, of] = SHARD.exec(shards[0] ?? '') ?? [];
  if (of === undefined || shards.length < weights.length || shards.length >= Number(of)) return;
  throw new HubError(
    'HUB_INVALID',
    `the repository has ${shards.length} of the ${Number(of)} files of its weights: ${shards.slice(0, 10).join(', ')}`,
  );
}

/** Whether files are those of a checkpoint of SimVLM. */
export function isCheckpoint(names: readonly string[]): boolean {
  return names.includes('manifest.json') && names.includes('model.json');
}
