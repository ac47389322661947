import { DataError, parseJson, rule, type TaskContext } from '@simvlm/core';

/** A list of texts that a task keeps in a checkpoint, as `savedTexts` reads it. */
export function textsFile(name: string, texts: readonly string[]): ReadonlyMap<string, Uint8Array> {
  return new Map([[name, new TextEncoder().encode(JSON.stringify(texts))]]);
}

/** The list of the checkpoint that is resumed or evaluated; undefined where there is none. @throws DataError for another content */
export async function savedTexts(
  { savedFile }: TaskContext,
  name: string,
): Promise<readonly string[] | undefined> {
  const bytes = await savedFile?.(name);
  if (!bytes) return undefined;
  const texts = parseJson(bytes, name);
  if (!rule.strings.accepts(texts)) throw new DataError('DATA_INVALID', `${name}: must be a list of strings`);
  return texts as string[];
}
