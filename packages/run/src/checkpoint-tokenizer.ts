import { type Checkpoint, FILES, fileOf } from '@simvlm/checkpoint';
import { type AnyTokenizer, loadTokenizer } from '@simvlm/tokenizer';

/** The files of its tokenizer that a checkpoint has, by name. @throws CheckpointError when there are none, or one is damaged */
export async function checkpointTokenizerFiles(checkpoint: Checkpoint): Promise<Map<string, Uint8Array>> {
  const names = checkpoint.names.includes(FILES.tokenizerJson)
    ? [FILES.tokenizerJson, FILES.tokenizerConfig].filter(name => checkpoint.names.includes(name))
    : [FILES.tokenizer];
  const files = new Map<string, Uint8Array>();
  for (const name of names) files.set(name, await fileOf(checkpoint, name));
  return files;
}

/** The tokenizer of a checkpoint. @throws CheckpointError when it has none; TokenizerError when it is damaged */
export async function checkpointTokenizer(checkpoint: Checkpoint): Promise<AnyTokenizer> {
  return loadTokenizer(await checkpointTokenizerFiles(checkpoint));
}
