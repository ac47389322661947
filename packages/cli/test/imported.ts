import { FILES, jsonFile, TENSORS, tensorFiles } from '@simvlm/checkpoint';
import { writeCheckpointFolder } from '@simvlm/checkpoint/node';
import { type Preset, SimVlm, type SimVlmConfig } from '@simvlm/model';
import { pickBackend } from '@simvlm/runtime';
import { type AnyTokenizer, tokenizerFiles, trainWordPiece } from '@simvlm/tokenizer';

/** A ViT as CLIP has it. */
const patcher = {
  ...{ kind: 'vit', patchSize: 8, width: 32, layers: 1, heads: 2, mlp: 64, epsilon: 1e-5 },
  ...{ activation: 'quick-gelu', patchBias: false, normBefore: true },
} as const;

const common = {
  ...{ imageSize: 16, width: 32, layers: 1, heads: 2, mlp: 64, maxTextLength: 12 },
  picture: { fit: 'squash', filter: 'bicubic' },
  imagePositions: { added: false, relative: false },
  block: { norm: 'after', epsilon: 1e-12, activation: 'gelu-erf' },
  embeddingNorm: true,
} as const;

/** Captioners and what answers questions, small and with random weights. */
const forms = {
  git: {
    ...{ ...common, architecture: 'decoder-only', textPrefix: 'causal' },
    patcher: { ...patcher, projection: 'linear-norm' },
    head: { tied: false, bias: true },
    generation: { maxLength: 6 },
  },
  blipVqa: {
    ...{ ...common, architecture: 'encoder-decoder', patcher },
    encoder: { kind: 'question', first: 2, last: 3 },
    head: { bias: true, transform: true },
    generation: { maxLength: 6 },
  },
} satisfies Record<string, Preset>;

/**
 * A model as an import writes it: weights, tokenizer and where it came from, and no run.
 *
 * @param generation in place of the form's
 */
export async function importedCheckpoint(
  folder: string,
  form: keyof typeof forms,
  generation: SimVlmConfig['generation'] = forms[form].generation,
): Promise<string> {
  await pickBackend({ prefer: 'wasm' });
  const tokenizer = await wordPieces();
  const { pad, bos, eos } = tokenizer.special;
  const config: SimVlmConfig = {
    ...forms[form],
    ...{ vocabSize: tokenizer.vocabSize, tokens: { pad, bos, eos }, generation },
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
    ['square', 'disc', 'cross'].map(shape => `a ${colour} ${shape} is what shape colour it is`),
  );
  return trainWordPiece(lines, { vocabSize: 200, hardVocabLimit: false });
}
