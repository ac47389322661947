import { type AnyTokenizer, createTokenizer, withSentinels, withSpecialTokens } from '@simvlm/tokenizer';
import { atKey } from './at-key';
import { VOCABULARY } from './config/resolve';
import type { RunConfig } from './config/schema';
import type { RunData } from './data';
import { learnVocabulary } from './vocabulary';

/** Reads the file that `tokenizer.model` names. */
export type ReadTokenizer = (file: string) => Promise<AnyTokenizer>;

/** The tokenizer that the configuration names, or one learnt from captions and documents; with sentinels if it asks for them. */
export async function runTokenizer(
  config: RunConfig,
  data: Pick<RunData, 'captions' | 'texts'>,
  read: ReadTokenizer,
): Promise<AnyTokenizer> {
  const tokenizer = await plainTokenizer(config, data, read);
  const { sentinels } = config.tokenizer;
  return sentinels === 0 ? tokenizer : createTokenizer(withSentinels(tokenizer.model, sentinels));
}

async function plainTokenizer(
  { tokenizer, seed }: RunConfig,
  data: Pick<RunData, 'captions' | 'texts'>,
  read: ReadTokenizer,
): Promise<AnyTokenizer> {
  if (tokenizer.model !== undefined) {
    // Published tokenizers often have no pad token.
    const { model } = await read(tokenizer.model).catch(error => {
      throw atKey('tokenizer.model', error);
    });
    return createTokenizer(withSpecialTokens(model));
  }
  const { captions, texts: documents } = data;
  return learnVocabulary({ captions, documents }, tokenizer.vocabSize ?? VOCABULARY, seed);
}
