import { FILES, jsonFile, TENSORS, tensorFiles } from '@simvlm/checkpoint';
import { writeCheckpointFolder } from '@simvlm/checkpoint/node';
import { type Preset, SimVlm, type SimVlmConfig } from '@simvlm/model';
import { type AnyTokenizer, tokenizerFiles, trainWordPiece } from '@simvlm/tokenizer';

/** A captioner as an import writes it: weights, tokenizer and where it came from, and no run. */
export async function importedCheckpoint(folder: string, change: Partial<Preset> = {}): Promise<string> {
  const tokenizer = await wordPieces();
  const { pad, bos, eos } = tokenizer.special;
  const config: SimVlmConfig = {
    ...{ architecture: 'decoder-only', imageSize: 16, width: 32, layers: 1, heads: 2, mlp: 64 },
    ...{ maxTextLength: 12, vocabSize: tokenizer.vocabSize, tokens: { pad, bos, eos } },
    patcher: { kind: 'linear', patchSize: 4 },
    picture: { fit: 'squash', filter: 'bicubic' },
    generation: { maxLength: 6 },
    ...change,
  };
  const model = SimVlm.create(config, { seed: 1 });
  const facts = { format: 1, family: 'GIT', modelType: 'git', license: 'mit', files: {} };
  await writeCheckpointFolder(
    folder,
    new Map([
      [FILES.model, jsonFile(config)],
      [FILES.source, jsonFile(facts)],
      ...tokenizerFiles(tokenizer),
      ...tensorFiles(TENSORS.weights, model.weights()),
    ]),
  );
  model.dispose();
  return folder;
}

/** BERT's kind of tokenizer for the captions of `drawFolder`. */
function wordPieces(): Promise<AnyTokenizer> {
  const lines = ['red', 'green', 'blue', 'black'].flatMap(colour =>
    ['square', 'disc', 'cross'].map(shape => `a ${colour} ${shape} is what it is`),
  );
  return trainWordPiece(lines, { vocabSize: 60, hardVocabLimit: false });
}
