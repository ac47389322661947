import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSimVlmError, type MakeError, TokenizerError } from '@simvlm/core';
import { readRegularFile } from '@simvlm/data/node';
import { isHubName } from '@simvlm/pretrained/node';
import { type AnyTokenizer, loadTokenizer, TOKENIZER_FILES } from '@simvlm/tokenizer';
import { checkpointTokenizer } from '../checkpoint-tokenizer';
import { BUNDLED, openInit } from './chosen-checkpoint';

const invalid: MakeError = (message, options) => new TokenizerError('TOKENIZER_INVALID', message, options);

/**
 * A tokenizer of any kind from a file, told by what is in it, from a folder with the files of one, such as `vocab.json` and `merges.txt`,
 * or from what `--init` takes: a checkpoint, a run folder, a web address, a name on the hub, or `emoji`, the bundled model.
 *
 * @throws TokenizerError when it cannot be read or is none; CheckpointError for a checkpoint that is damaged
 */
export async function readTokenizer(path: string): Promise<AnyTokenizer> {
  const isFolder = await stat(path).then(
    found => found.isDirectory(),
    // What is wrong with it, reading it says.
    () => false,
  );
  const isAddress = /^https?:\/\//i.test(path) || isHubName(path) || path === BUNDLED;
  const files = isFolder ? await filesOf(path) : undefined;
  if (isAddress) return checkpointTokenizer(await openInit(path));
  if (files?.size === 0) return checkpointTokenizer(await openInit(path).catch(noTokenizer(path)));
  const source = files ?? (await readRegularFile(path, invalid));
  try {
    return loadTokenizer(source, path);
  } catch (error) {
    // One that tells a line names the file already.
    if (!isSimVlmError(error) || error.message.startsWith(path)) throw error;
    throw invalid(`${path}: ${error.message}`, { cause: error });
  }
}

/** Of a folder with neither: what is missing is a tokenizer, not a checkpoint. */
function noTokenizer(path: string) {
  return (error: unknown): never => {
    if (!isSimVlmError(error) || error.code !== 'CHECKPOINT_NOT_FOUND') throw error;
    throw invalid(
      `${path}: there is no tokenizer: no tokenizer.json, tokenizer.model or vocab.txt, no vocab.json with merges.txt, and no checkpoint`,
      { cause: error },
    );
  };
}

async function filesOf(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of await readdir(folder))
    if (TOKENIZER_FILES.includes(name)) files.set(name, await readRegularFile(join(folder, name), invalid));
  return files;
}
